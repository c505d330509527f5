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
import { decodeFloats, encodeFloats } from './model-result.js';
import { describeData } from './shared.js';
import { evaluate } from '../evaluate/evaluate.js';
import { exampleRecord, parseExamples } from './example.js';
import { trainingCurves } from './training.js';
import { ascent, step } from '../../test/support/attacks.js';
import { planeModel } from '../../test/support/plane-model.js';
import { pointsAtGaps } from '../../test/support/points-dataset.js';

let parts: RecordParts;
let lines: string;

beforeAll(async () => {
  await tf.setBackend('cpu');
  const model = planeModel();
  const data = pointsAtGaps([0.02, 0.11, -0.05, 0.3]);
  const { result, examples, timing } = await evaluate({
    model,
    data,
    name: 'plane',
    attacks: [
      { attack: step(), norm: 'linf', epsilon: [0.1, 0.2] },
      { attack: ascent(), norm: 'l2', epsilon: 0.1 },
    ],
  });
  model.dispose();
  lines = examples.map((example) => `${JSON.stringify(example)}\n`).join('');
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
    expect(record.checks).toEqual([]);
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
      /models\[0\]\.clean\.rate/,
    );
  });

  it('has the JSON Schema that is published with the package', () => {
    const published = readFileSync(new URL('../../schema/record.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(published)).toEqual(recordJsonSchema());
  });
});

describe('examples.jsonl', () => {
  it('survives the way through a file, with the documented keys first', () => {
    const examples = parseExamples(lines);
    expect(examples).toHaveLength(4);
    expect(Object.keys(examples[0]!).slice(0, 9).join(', ')).toBe(
      'index, label, cleanPrediction, cleanCorrect, robust, success, fooledBy, distance, queries',
    );
    for (const example of examples) expect(exampleRecord.parse(example)).toEqual(example);
  });

  it('names the line that is wrong', () => {
    expect(() => parseExamples(`${lines}{"index": 1}\n`)).toThrow(/line 5.*/);
    expect(() => parseExamples('nonsense')).toThrow('ADVROB_RECORD');
    expect(parseExamples('')).toEqual([]);
  });
});

describe('float32 values as text', () => {
  it('keeps every bit', () => {
    const values = Float32Array.of(0, -0, 1 / 3, -1e-40, 3.4e38, Math.fround(0.1));
    expect(new Uint32Array(decodeFloats(encodeFloats(values)).buffer)).toEqual(new Uint32Array(values.buffer));
  });
});

describe('training curves', () => {
  it('has a curve per term and metric, thinned by means, without values that are not numbers', () => {
    const log = Array.from({ length: 1000 }, (_, i) => ({
      type: 'metrics' as const,
      step: i + 1,
      loss: { total: i, penalty: i === 3 ? NaN : 1 },
    }));
    const curves = trainingCurves(
      [...log, { type: 'validation', step: 1000, metrics: { robustAccuracy: 0.7, loss: 0.2 } }],
      100,
    );
    expect(curves.map(({ name, kind, on }) => [name, kind, on])).toEqual([
      ['total', 'loss', 'training'],
      ['penalty', 'loss', 'training'],
      ['robustAccuracy', 'accuracy', 'validation'],
      ['loss', 'loss', 'validation'],
    ]);
    expect(curves[0]!.points).toHaveLength(100);
    expect(curves[0]!.points[0]).toEqual([10, 4.5]);
    expect(curves[0]!.points.at(-1)).toEqual([1000, 994.5]);
    expect(curves[2]!.points).toEqual([[1000, 0.7]]);
  });
});
