import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createRecord,
  parseRecord,
  recordJsonSchema,
  serializeRecord,
  withoutTiming,
  type RecordParts,
} from './record.js';
import { describeData } from './shared.js';
import { evaluate } from '../evaluate/evaluate.js';
import { trainingCurves } from './training.js';
import { ascent, step } from '../../test/support/attacks.js';
import { planeModel } from '../../test/support/plane-model.js';
import { pointsAtGaps } from '../../test/support/points-dataset.js';

let parts: RecordParts;

beforeAll(async () => {
  await tf.setBackend('cpu');
  const model = planeModel();
  const data = pointsAtGaps([0.02, 0.11, -0.05, 0.3]);
  const { result, timing } = await evaluate({
    model,
    data,
    name: 'plane',
    attacks: [
      { attack: step(), norm: 'linf', epsilon: [0.1, 0.2] },
      { attack: ascent(), norm: 'l2', epsilon: 0.1 },
    ],
  });
  model.dispose();
  parts = {
    title: 'A plane',
    command: null,
    config: { anything: [1, null, 'x'] },
    environment: { backend: 'cpu', runtime: 'node', platform: 'linux x64', versions: { '@advrob/core': '0.0.0' } },
    seeds: { evaluation: 0 },
    data: describeData(data, 'test'),
    models: [
      {
        ...result,
        architecture: { name: 'plane', options: {}, parameters: 6 },
        training: {
          method: 'by hand',
          steps: 0,
          seed: 0,
          curves: trainingCurves([{ type: 'metrics', step: 1, loss: { total: 0.5 } }]),
        },
      },
    ],
    timing: { seconds: 1, evaluation: JSON.parse(JSON.stringify(timing)) },
  };
});

describe('record', () => {
  it('survives the way through a file', () => {
    const record = createRecord(parts);
    expect(parseRecord(serializeRecord(record))).toEqual(record);
    expect(serializeRecord(parseRecord(serializeRecord(record)))).toBe(serializeRecord(record));
    expect([record.checks, record.warnings]).toEqual([[], []]);
    const warnings = [{ message: 'all of one class' }, { model: 'plane', message: 'gradients are estimates' }];
    expect(parseRecord(serializeRecord(createRecord({ ...parts, warnings }))).warnings).toEqual(warnings);
    const { warnings: _, ...older } = record;
    expect(parseRecord(JSON.stringify(older))).toEqual(record);
  });

  it('keeps all times apart', () => {
    const first = createRecord(parts);
    const second = createRecord({ ...parts, timing: { seconds: 99 } });
    expect(first).not.toEqual(second);
    expect(withoutTiming(first)).toEqual(withoutTiming(second));
    expect(JSON.stringify(withoutTiming(first))).not.toMatch(/seconds|startedAt/);
  });

  it('refuses what is not a record, and says where', () => {
    const spoil = (change: object): string => JSON.stringify({ ...createRecord(parts), ...change });
    expect(() => parseRecord('{"format":')).toThrow(/not JSON.*ADVROB_RECORD/);
    expect(() => parseRecord('null')).toThrow('ADVROB_RECORD');
    expect(() => parseRecord(spoil({ version: 2 }))).toThrow(/version 2/);
    expect(() => parseRecord(spoil({ models: [] }))).toThrow(/no model and no analysis/);
    expect(() => parseRecord(spoil({ data: undefined }))).toThrow(/measured on/);
    expect(() => parseRecord(spoil({ surprise: 1 }))).toThrow(/surprise/);
    const [model] = createRecord(parts).models;
    expect(() => parseRecord(spoil({ models: [model, model] }))).toThrow(/two models.*'plane'/);
    expect(() => parseRecord(spoil({ models: [{ ...model, clean: { ...model!.clean, rate: 2 } }] }))).toThrow(
      /models\.0\.clean\.rate/,
    );
  });

  it('has the JSON Schema that is published with the package', () => {
    const published = readFileSync(new URL('../../schema/record.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(published)).toEqual(recordJsonSchema());
  });
});
