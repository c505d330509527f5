import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { AdvrobError, defineAnalysis, memoryStorage, type Analysis, type Classifier } from '@advrob/core';
import { figure } from '@advrob/core/figure';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { analyze, checkAnalysis } from './analyze.js';
import { createRecord, measuredData, parseRecord, serializeRecord } from './record/record.js';
import { planeModel } from '../test/support/plane-model.js';
import { pointsAtGaps, pointsDataset } from '../test/support/points-dataset.js';

let model: Classifier;
let computed = 0;
const data = pointsAtGaps([0.1, -0.2, 0.3]);

beforeAll(async () => {
  await tf.setBackend('cpu');
  model = planeModel();
});
afterAll(() => model.dispose?.());

/** Means over the logits; everything that a result can hold. */
const meanLogit = defineAnalysis({
  name: 'mean-logit',
  summary: 'The mean of all logits.',
  paper: 'nobody',
  roles: ['model'],
  options: z.strictObject({ factor: z.number().default(1) }),
  async analyze({ models, data: given, threat, memo }, { factor }) {
    const mean = await memo('mean', async () => {
      computed++;
      let sum = 0;
      for await (const { x, y } of given.batches({ size: 2 })) {
        const total = tf.tidy(() => tf.sum(models.model.logits(x)));
        sum += (await total.data())[0]!;
        tf.dispose([x, y, total]);
      }
      return (factor * sum) / given.length;
    });
    const table = { id: 'means', title: 'Means', columns: { mean: 'Mean' }, rows: [{ mean }] };
    return {
      mean,
      radius: threat.epsilon,
      findings: [`The mean is ${mean}.`],
      tables: [table],
      figures: [
        figure({ ...table, id: 'drawn' }, { caption: 'A point.', alt: 'A point.' }, { mark: 'point', encoding: {} }),
      ],
    };
  },
});

const threat = { norm: 'linf', epsilon: 0.25 } as const;

describe('analyze', () => {
  it('gives what a record holds: settings, findings, and the other values apart', async () => {
    const result = await analyze({
      analysis: meanLogit({ factor: 2 }),
      models: { model },
      names: { model: 'plane' },
      data,
      split: 'test',
      threat,
      seed: 3,
    });
    expect(result).toMatchObject({
      id: 'mean-logit',
      analysis: 'mean-logit',
      summary: 'The mean of all logits.',
      paper: 'nobody',
      options: { factor: 2 },
      seed: 3,
      models: { model: { name: 'plane' } },
      data: { name: 'points', split: 'test', length: 3 },
      threat,
      values: { radius: 0.25 },
      galleries: [],
    });
    expect(result.models['model']!.modelHash).toMatch(/^[0-9a-f]{64}$/);
    expect(result.findings[0]).toContain(String((result.values as { mean: number }).mean));
    expect(Object.keys(result.values as object)).toEqual(['mean', 'radius']);
    expect(result.figures[0]!.spec).toHaveProperty('data.values', result.tables[0]!.rows);
    expect(result.tables[0]!.rows).toHaveLength(1);
  });

  it('takes finished parts from the storage, and refuses the parts of other settings', async () => {
    const storage = memoryStorage();
    const options = { models: { model }, data, threat, storage };
    computed = 0;
    const failing = {
      ...meanLogit(),
      analyze: async (context: Parameters<Analysis['analyze']>[0]) => {
        await meanLogit().analyze(context as never);
        throw new Error('killed');
      },
    };
    await expect(analyze({ ...options, analysis: failing })).rejects.toThrow('killed');
    const first = await analyze({ ...options, analysis: meanLogit() });
    const again = await analyze({ ...options, analysis: meanLogit() });
    expect(computed).toBe(1);
    expect(again).toEqual(first);
    await expect(analyze({ ...options, analysis: meanLogit({ factor: 2 }) })).rejects.toThrow(
      /options\.factor was 1, is 2.*ADVROB_EVALUATION_MISMATCH/,
    );
    await expect(analyze({ ...options, analysis: meanLogit(), data: pointsAtGaps([0.1]) })).rejects.toThrow('data');
  });

  it('leaves nothing in memory', async () => {
    const before = tf.memory().numTensors;
    await analyze({ analysis: meanLogit(), models: { model }, data, threat });
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [
      'a role without a model',
      { models: {} as { model: Classifier } },
      /takes models in the roles model; there is none for model \[ADVROB_ANALYSIS\]/,
    ],
    [
      'data of another shape',
      { data: pointsDataset([[0.1, 0.2, 0.3]], [0]) },
      /analysis 'mean-logit', model 'model': the model takes \[2\].*\[3\].*ADVROB_SHAPE/,
    ],
    [
      'data in other bounds',
      { data: pointsDataset([[0.1, 0.2]], [0], { bounds: [-1, 1] }) },
      /values in \[0, 1\].*\[-1, 1\].*ADVROB_BOUNDS/,
    ],
    ['no data', { data: undefined }, /analysis 'mean-logit': it needs data, and none was given.*ADVROB_ANALYSIS/],
    ['no threat', { threat: undefined }, /it needs a threat/],
    ['a negative radius', { threat: { norm: 'linf' as const, epsilon: -1 } }, /analysis 'mean-logit': .*ADVROB_THREAT/],
  ])('names what is wrong: %s', async (_what, wrong, message) => {
    const options = { analysis: meanLogit(), models: { model }, data, threat, ...wrong };
    await expect(analyze(options)).rejects.toThrow(message);
  });

  it('refuses a model for a role that is not there', async () => {
    const models = { model, other: model };
    await expect(analyze({ analysis: meanLogit(), models, data, threat })).rejects.toThrow('there is no role other');
  });

  it('knows models of the same weights apart, and code of other versions', async () => {
    const storage = memoryStorage();
    const options = { analysis: meanLogit(), data, threat, storage, config: { versions: { a: '1' } } };
    await analyze({ ...options, models: { model } });
    const other = { ...model, logits: (x: tf.Tensor) => tf.square(model.logits(x)) };
    await expect(analyze({ ...options, models: { model: other } })).rejects.toThrow(
      /models\.model has the same weights but answers the same inputs otherwise/,
    );
    await expect(analyze({ ...options, models: { model }, config: { versions: { a: '2' } } })).rejects.toThrow(
      'config.versions.a was "1", is "2"',
    );
  });

  it('says what the analysis cannot treat before anything is computed', () => {
    const picky = defineAnalysis({
      name: 'picky',
      summary: 'Of models with a name for their origin, under a threat.',
      roles: ['model'],
      options: z.strictObject({}),
      check({ models, threat: { epsilon } }) {
        if (models.model.origin === undefined) throw new AdvrobError('ADVROB_ANALYSIS', `no origin at ${epsilon}`);
      },
      analyze: async () => ({}),
    });
    const check = (options: object) => () =>
      checkAnalysis({ analysis: picky(), models: { model }, data, threat, ...options });
    expect(check({})).toThrow("analysis 'picky': no origin at 0.25");
    expect(check({ threat: undefined })).toThrow("analysis 'picky': it needs a threat");
    expect(check({ models: { model: { ...model, origin: { name: 'plane', options: {} } } } })).not.toThrow();
  });

  it('refuses a result that no report can show', async () => {
    const analysis: Analysis<'model'> = { name: 'odd', roles: ['model'], analyze: async () => ({ tables: 'none' }) };
    await expect(analyze({ analysis, models: { model }, data })).rejects.toThrow(/'odd'.*tables.*ADVROB_ANALYSIS/s);
  });

  it('an analysis of nothing needs nothing', async () => {
    const analysis: Analysis<never> = {
      name: 'theory',
      roles: [],
      analyze: async ({ memo }) => ({ one: await memo('one', async () => 1) }),
    };
    const result = await analyze({ analysis, models: {} });
    expect(result).toEqual({
      id: 'theory',
      analysis: 'theory',
      options: {},
      seed: 0,
      models: {},
      findings: [],
      tables: [],
      figures: [],
      galleries: [],
      values: { one: 1 },
    });
  });
});

describe('a record of analyses alone', () => {
  const parts = {
    title: 'Analyses',
    command: null,
    config: {},
    environment: { backend: 'cpu', runtime: 'node', platform: 'linux x64', versions: {} },
    seeds: {},
    models: [],
    timing: {},
  };

  it('goes out and in again, and says that nothing was measured', async () => {
    const result = await analyze({ analysis: meanLogit(), models: { model }, data, threat });
    const record = createRecord({ ...parts, analyses: [result] });
    expect(parseRecord(serializeRecord(record))).toEqual(record);
    expect(() => measuredData(record)).toThrow(/'Analyses' is a record of analyses alone.*ADVROB_RECORD/);
    expect(() => createRecord({ ...parts, analyses: [result, result] })).toThrow(
      "two analyses of the record are called 'mean-logit'",
    );
  });

  it('holds something', () => {
    expect(() => createRecord(parts)).toThrow('no model and no analysis');
  });
});
