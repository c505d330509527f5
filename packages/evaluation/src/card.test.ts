import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { cardJsonSchema, createCard, parseCard, serializeCard } from './card.js';
import { checkRobustness } from './checks/check-robustness.js';
import { createRecord, parseRecord, recordChecks, serializeRecord, type RunRecord } from './record/record.js';
import { describeData } from './record/shared.js';
import { evaluate } from './evaluate/evaluate.js';
import { ascent, nearest, step } from '../test/support/attacks.js';
import { planeModel } from '../test/support/plane-model.js';
import { pointsAtGaps } from '../test/support/points-dataset.js';

let record: RunRecord;
beforeAll(async () => {
  await tf.setBackend('cpu');
  // Logits so large that cross-entropy has no gradient.
  const model = planeModel(5000);
  const data = pointsAtGaps([0.06, 0.12, 0.15, 0.16, 0.17, 0.3, 0.25, -0.1]);
  const { result, timing } = await evaluate({
    model,
    name: 'steep',
    data,
    attacks: [
      { attack: step(), norm: 'linf', epsilon: [0.1, 0.2] },
      { attack: nearest(), norm: 'linf', epsilon: [0.2, Infinity] },
      { attack: ascent(), norm: 'l2', epsilon: 0.1 },
    ],
  });
  const { checks } = await checkRobustness({
    model,
    data,
    threat: { norm: 'linf', epsilon: 0.2 },
    attacks: { iterative: ascent(), other: nearest() },
  });
  model.dispose();
  record = createRecord({
    title: 'A steep plane',
    command: 'advrob run plane.yaml',
    config: {},
    environment: { backend: 'cpu', runtime: 'node', platform: 'linux', versions: { '@advrob/core': '0.1.0' } },
    seeds: { evaluation: 0 },
    data: describeData(data, 'test'),
    models: [{ ...result, architecture: { name: 'plane', options: {}, parameters: 6 } }],
    checks: recordChecks('steep', checks),
    timing: { ...timing, attacks: [...timing.attacks] },
  });
});

describe('a record with checks', () => {
  it('is read back as it was, and knows older and foreign checks', () => {
    expect(parseRecord(serializeRecord(record))).toEqual(record);
    const foreign = createRecord({ ...record, checks: [{ name: 'of a plugin', model: 'steep', anything: [1] }] });
    expect(foreign.checks[0]).toEqual({ name: 'of a plugin', model: 'steep', anything: [1] });
    expect(() => createRecord({ ...record, checks: [{ name: 'x', model: 'y', severity: 'awful' as 'none' }] })).toThrow(
      /severity/,
    );
  });
});

describe('the result card', () => {
  it('holds all that a leaderboard row needs', () => {
    const card = createCard(record);
    expect(card).toMatchObject({
      model: { name: 'steep', architecture: 'plane', parameters: 6 },
      data: { name: 'points', split: 'test', examples: 8, classes: 2 },
      threat: { norm: 'linf', epsilon: 0.2, bounds: [0, 1] },
      clean: { count: 7 },
      robust: { count: 2, total: 8 },
      attackOn: 'all',
      seed: 0,
      backend: 'cpu',
      command: 'advrob run plane.yaml',
    });
    expect(card.model.hash).toBe(record.models[0]!.modelHash);
    // The single step has no gradient to follow, and its robust accuracy is that of the clean
    // model.
    expect(card.attacks.map(({ label, robust }) => [label, robust.count])).toEqual([
      ['step', 7],
      ['nearest', 2],
    ]);
    expect(card.medianDistance).toBeCloseTo(0.16 * 1.001, 5);
    expect(card.checks!.causes).toEqual(['vanishing-gradients']);
    expect(card.checks!.symptoms).toContain('other-attack-beats-white-box');
    expect(card.checks!.untested).toContain('transfer-beats-white-box');
    expect(card.checks!.made + card.checks!.untested.length).toBe(record.checks.length);
  });

  it('takes the threat that is asked for', () => {
    const card = createCard(record, { model: 'steep', norm: 'linf', epsilon: 0.1 });
    expect(card.attacks.map(({ label }) => label)).toEqual(['step']);
    expect(createCard(record, { norm: 'l2' })).toMatchObject({ threat: { epsilon: 0.1 }, medianDistance: null });
  });

  it('says null where no checks were made', () => {
    expect(createCard({ ...record, checks: [] }).checks).toBeNull();
  });

  it('is read back as it was, and refused when damaged', () => {
    const card = createCard(record);
    const text = serializeCard(card);
    expect(parseCard(text)).toEqual(card);
    expect(() => parseCard(text.slice(0, -20))).toThrow(/complete/);
    expect(() => parseCard(text.replace('"version": 1', '"version": 2'))).toThrow(/not a card/);
  });

  it('names what the record does not hold', () => {
    expect(() => createCard(record, { model: 'flat' })).toThrow(/'steep'/);
    expect(() => createCard(record, { norm: 'l1' })).toThrow(/linf 0.1, linf 0.2, l2 0.1/);
    const two = { ...record, models: [record.models[0]!, { ...record.models[0]!, name: 'other' }] };
    expect(() => createCard(two)).toThrow(/name one of 'steep', 'other'/);
  });

  it('has the JSON Schema that is published with the package', () => {
    const published = readFileSync(new URL('../schema/card.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(published)).toEqual(cardJsonSchema());
  });
});
