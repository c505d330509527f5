import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import type { Classifier } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import { fit, sgd } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { collectLogits } from '../collect.js';
import { distill } from './distill.js';
import { distillationTrainer } from './recipe.js';
import { logitMatrix } from '../logit-matrix.js';
import { manipulate } from '../manipulations/catalogue.js';
import { marginRobustness } from './margin-robustness.js';
import { farthest, matrixOf, readFixture } from '../../test/support/fixture.js';
import { tableData } from '../../test/support/table-data.js';
import { tanhModel } from '../../test/support/tanh-model.js';

beforeAll(() => tf.setBackend('cpu'));

const { classes, robust } = readFixture<{ classes: number; robust: number[] }>('manipulations');
const fixture = readFixture<{
  steps: number;
  rate: number;
  momentum: number;
  shapes: Record<string, number[]>;
  initial: Record<string, number[]>;
  x: number[];
  runs: Record<string, { losses: number[]; weights: Record<string, number[]> }>;
}>('distillation');
const losses = {
  'kl, temperature 1': {},
  'kl, temperature 3': { temperature: 3 },
  mse: { loss: 'mse' },
} as const;

const data = tableData({ x: fixture.x, inputs: 5, labels: Array.from({ length: 60 }, () => 0), classes });
const teacher = manipulate('M3', matrixOf(robust, classes));
const student = (): Classifier => tanhModel(fixture.initial, fixture.shapes);
const course = {
  data,
  learningRate: fixture.rate,
  steps: fixture.steps,
  batchSize: 60,
  logEvery: 1,
};

async function expectFixture(model: Classifier, name: keyof typeof losses, totals: number[]) {
  expect(farthest(totals, fixture.runs[name]!.losses)).toBeLessThan(2e-5);
  for (const [weight, expected] of Object.entries(fixture.runs[name]!.weights))
    expect(farthest(await model.weights[weight]!.data(), expected), weight).toBeLessThan(2e-5);
}

describe('a student of M3 goes the way of PyTorch', () => {
  it.each(Object.keys(losses) as (keyof typeof losses)[])('with %s', async (name) => {
    const before = tf.memory().numTensors;
    const model = student();
    const optimizer = sgd({ momentum: fixture.momentum });
    const { history } = await distill({ ...course, model, teacher, optimizer, ...losses[name] });
    const totals = history.flatMap((event) => (event.type === 'metrics' ? [event.loss['total']!] : []));
    await expectFixture(model, name, totals);
    model.dispose!();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('and so it does with the recipe', async () => {
    const model = student();
    const logits = tf.tensor2d(teacher.values, [60, classes]);
    const plan = distillationTrainer({ loss: 'mse' });
    await fit({ ...course, ...plan, model, data: data.withExtras({ teacher: logits }) });
    await expectFixture(model, 'mse', fixture.runs['mse']!.losses);
    logits.dispose();
    model.dispose!();
  });
});

it('the recipe says what is missing when the data has no logits', async () => {
  const model = student();
  const { objective, optimizer } = distillationTrainer();
  await expect(fit({ ...course, model, objective, optimizer: optimizer! })).rejects.toMatchObject({
    code: 'ADVROB_DATASET',
  });
  model.dispose!();
});

it('refuses logits of other examples or classes', async () => {
  const model = student();
  const before = tf.memory().numTensors;
  for (const wrong of [logitMatrix(teacher.values.slice(classes), classes), logitMatrix(teacher.values, 5)])
    await expect(distill({ ...course, model, teacher: wrong })).rejects.toMatchObject({ code: 'ADVROB_SHAPE' });
  expect(tf.memory().numTensors).toBe(before);
  model.dispose!();
});

it('the logits of a teacher are collected in the order that distillation reads them', async () => {
  const model = student();
  const { logits, ids } = await collectLogits(model, data, { batchSize: 7 });
  const expected = tf.tidy(() => model.logits(tf.tensor2d(fixture.x, [60, 5])));
  expect(farthest(logits.values, await expected.data())).toBeLessThan(1e-6);
  expect([...ids]).toEqual(Array.from({ length: 60 }, (_, i) => i));
  expected.dispose();
  model.dispose!();
});

describe('robustness under cross-entropy and margin', () => {
  // logits (x, -x) per pixel difference: an example at distance t from the boundary x = 0.5 falls
  // at epsilon >= t.
  const x = [0.5, 0.52, 0.55, 0.61, 0.7, 0.9].map((value) => value + 0.005);
  const labels = x.map(() => 0);
  const points = tableData({ x, inputs: 1, labels, classes: 2 });
  const threat = { norm: 'linf', epsilon: 0.1 } as const;

  it('of a linear model is the share farther from the boundary than epsilon', async () => {
    const before = tf.memory().numTensors;
    const model = linearClassifier({ weights: [[2, -2]], bias: [-1, 1] });
    const { clean, points: found } = await marginRobustness(model, points, { threat, batchSize: 4 });
    expect(clean.count).toBe(6);
    expect(found.map(({ epsilon }) => epsilon)).toEqual([0.02, 0.05, 0.1]);
    for (const losses of ['ce', 'margin', 'worst'] as const)
      expect(found.map((point) => point[losses].count)).toEqual([5, 4, 3]);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(['cpu', 'onnxruntime'])(
    'does not believe in logits so large that cross-entropy has no gradient, on %s',
    async (backend) => {
      registerOnnxRuntime({ deterministic: true, threads: 1 });
      await tf.setBackend(backend);
      const model = linearClassifier({ weights: [[4000, -4000]], bias: [-2000, 2000] });
      const { points: found } = await marginRobustness(model, points, { threat });
      expect(found.map(({ worst }) => worst.count)).toEqual([5, 4, 3]);
      expect(found.map(({ margin }) => margin.count)).toEqual([5, 4, 3]);
      model.dispose();
      await tf.setBackend('cpu');
    },
  );

  it.each([[[]], [[0, 1]], [[Infinity]]])('refuses shares %j', async (shares) => {
    const model = linearClassifier({ weights: [[2, -2]], bias: [-1, 1] });
    await expect(marginRobustness(model, points, { threat, shares })).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
    model.dispose();
  });
});
