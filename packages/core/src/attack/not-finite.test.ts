import '@tensorflow/tfjs-backend-cpu';
import '../gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import type { Classifier, Knowledge, Scope } from '../contract/index.js';
import { labelsOf } from '../rows.js';
import { defineAttack } from './define-attack.js';

let before = 0;
beforeEach(async () => {
  await tf.setBackend('cpu');
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const model = (logits: (x: tf.Tensor) => tf.Tensor): Classifier => ({
  inputShape: [2],
  numClasses: 2,
  bounds: [0, 1],
  weights: {},
  logits: (x) => tf.tidy(() => tf.clone(logits(x))),
});
const threat = { norm: 'linf', epsilon: 0.05 } as const;

function attack<K extends keyof Knowledge>(knowledge: K, move: (rows: Scope<K>, x: tf.Tensor) => tf.Tensor) {
  return defineAttack({
    name: 'one-step',
    summary: 'One step.',
    options: z.strictObject({}),
    knowledge,
    norms: ['linf'],
    budget: 'fixed',
    loss: null,
    random: false,
    async perturb(scope: Scope<K>) {
      const { x } = await scope.iterate({ x: scope.x }, 2, ({ x }) => ({ x: move(scope, x) }));
      return x;
    },
  } as never)();
}
const shifted = attack('scores', (_, x) => tf.add(x, 0.02));
/** Ascends the loss of a sum of logits. */
const ascent = attack('gradients', ({ model: seen }, x) => {
  const { gradient } = seen.gradient(x, (logits) => tf.sum(logits, 1));
  return tf.clipByValue(tf.add(x, tf.mul(tf.sign(gradient), 0.02)), 0, 1);
});

it('a class is -1 where a score is NaN, whatever the others are', async () => {
  const logits = tf.tensor2d([
    [NaN, 1],
    [1, NaN],
    [2, 1],
    [-Infinity, Infinity],
  ]);
  const labels = labelsOf(logits);
  expect([...(await labels.data())]).toEqual([-1, -1, 0, 1]);
  tf.dispose([logits, labels]);
});

it('a point where a score is NaN is found for every label, and for no target, and counted', async () => {
  const broken = model((x) => {
    const isClean = tf.lessEqual(tf.abs(tf.sub(tf.max(x, 1, true), 0.9)), 1e-6);
    return tf.where(tf.broadcastTo(isClean, x.shape), x, tf.fill(x.shape, NaN));
  });
  const [x, y] = [tf.tensor2d([0.9, 0.1, 0.1, 0.9], [2, 2]), tf.tensor1d([0, 1], 'int32')];
  const found = await shifted.run(broken, x, y, threat);
  expect([...found.success]).toEqual([1, 1]);
  expect([...found.prediction]).toEqual([-1, -1]);
  expect(found.notFinite).toEqual({ points: 2, gradients: 0 });
  const targets = tf.tensor1d([1, 0], 'int32');
  const targeted = await shifted.run(broken, x, y, threat, { targets });
  expect([...targeted.success]).toEqual([0, 0]);
  tf.dispose([x, y, targets, found.adversarial, targeted.adversarial]);
});

it('a gradient that is not finite counts as zero for its row alone, and is counted', async () => {
  // sqrt at 0: finite, with a gradient that is not.
  const sharp = model((x) => tf.add(tf.mul(x, [[3, 1]]), tf.sqrt(tf.sum(tf.square(x), 1, true))));
  const [x, y] = [tf.tensor2d([0, 0, 0.5, 0.4], [2, 2]), tf.tensor1d([0, 0], 'int32')];
  const found = await ascent.run(sharp, x, y, threat);
  expect(found.notFinite).toEqual({ points: 0, gradients: 2 });
  let count: tf.Tensor | undefined;
  const last = await ascent.maximize(sharp, x, y, threat, { onNotFinite: (rows) => (count = rows) });
  expect([...(await count!.data())]).toEqual([2]);
  [0, 0, 0.54, 0.44].forEach((value, i) => expect(last.dataSync()[i]).toBeCloseTo(value, 6));
  tf.dispose([x, y, found.adversarial, last, count!]);
});

it('no op from the input to the scores: refused, unless they really are constant', async () => {
  const [x, y] = [tf.tensor2d([0.9, 0.1], [1, 2]), tf.tensor1d([0], 'int32')];
  const cut = model((at) => tf.tensor2d(at.dataSync(), [at.shape[0]!, 2]));
  await expect(ascent.run(cut, x, y, threat)).rejects.toMatchObject({ code: 'ADVROB_GRADIENT_MISSING' });
  await expect(ascent.maximize(cut, x, y, threat)).rejects.toMatchObject({ code: 'ADVROB_GRADIENT_MISSING' });
  const constant = model((at) => tf.tile(tf.tensor2d([[1, 0]]), [at.shape[0]!, 1]));
  const found = await ascent.run(constant, x, y, threat);
  expect(found.robustAccuracy).toBe(1);
  tf.dispose([x, y, found.adversarial]);
});

it('an op without a gradient has a code', async () => {
  const [x, y] = [tf.tensor2d([0.9, 0.1], [1, 2]), tf.tensor1d([0], 'int32')];
  const sorted = model((at) => tf.add(at, tf.cumprod(at, 1)));
  await expect(ascent.run(sorted, x, y, threat)).rejects.toMatchObject({
    code: 'ADVROB_GRADIENT_MISSING',
    message: expect.stringContaining('Cumprod') as string,
  });
  tf.dispose([x, y]);
});
