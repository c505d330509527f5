import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkClassifier } from '../checks/check-classifier.js';
import { fromFunction } from './from-function.js';

const bounds = [0, 1] as const;

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

describe('fromFunction', () => {
  const kernel = [
    [1, -2],
    [3, 0.5],
  ];

  it('gives what the function gives, and frees what it makes', async () => {
    const model = await fromFunction((x) => tf.matMul(x as tf.Tensor2D, tf.tensor2d(kernel)), {
      inputShape: [2],
      bounds,
    });
    const x = tf.tensor2d([[0.25, 0.5]]);
    const logits = model.logits(x);
    expect([...(await logits.data())]).toEqual([1.75, -0.25]);
    await checkClassifier(model);
    tf.dispose([x, logits]);
  });

  it('leaves an input alone that the function returns', async () => {
    const model = await fromFunction((x) => x, { inputShape: [2], bounds });
    const x = tf.tensor2d([[0.25, 0.5]]);
    model.logits(x).dispose();
    expect(x.isDisposed).toBe(false);
    x.dispose();
  });

  it('refuses probabilities, and takes their logarithm on request', async () => {
    const forward = (x: tf.Tensor) => tf.softmax(tf.mul(x, 400));
    const options = { inputShape: [2], bounds };
    await expect(fromFunction(forward, options)).rejects.toMatchObject({ code: 'ADVROB_PROBABILITIES' });
    const model = await fromFunction(forward, { ...options, outputs: 'probabilities' });
    const x = tf.tensor2d([[0, 1]]);
    const logits = model.logits(x);
    const gradient = tf.grad((z) => tf.sum(model.logits(z)))(x);
    expect([...(await logits.data()), ...(await gradient.data())].every(Number.isFinite)).toBe(true);
    tf.dispose([x, logits, gradient]);
  });

  it.each([
    ['one score', (x: tf.Tensor) => tf.sum(x, 1, true), 'ADVROB_SHAPE'],
    ['an object', (x: tf.Tensor) => ({ logits: x }) as never, 'ADVROB_MODEL'],
    [
      'a promise',
      (x: tf.Tensor) => Promise.resolve(tf.clone(x)).then((made) => made.dispose()) as never,
      'ADVROB_MODEL',
    ],
    ['a pass that fails', (x: tf.Tensor) => tf.reshape(x, [3]), 'ADVROB_MODEL'],
    ['three axes', (x: tf.Tensor) => tf.expandDims(x, 1), 'ADVROB_SHAPE'],
    ['NaN', (x: tf.Tensor) => tf.log(tf.neg(x)), 'ADVROB_NOT_FINITE'],
  ])('refuses %s', async (_, forward, code) => {
    await expect(fromFunction(forward, { inputShape: [2], bounds })).rejects.toMatchObject({ code });
  });

  it('takes a single column for class 1 of two when it is told what it is', async () => {
    const score = (x: tf.Tensor) => tf.sum(x, 1, true);
    const x = tf.tensor2d([[0.25, 0.5]]);
    const one = 1 / (1 + Math.exp(-0.75));
    for (const [forward, outputs] of [
      [score, 'logits'],
      [(at: tf.Tensor) => tf.sigmoid(score(at)), 'probabilities'],
    ] as const) {
      const model = await fromFunction(forward, { inputShape: [2], bounds, outputs });
      const probabilities = tf.tidy(() => tf.softmax(model.logits(x)));
      const found = await probabilities.data();
      expect(found[0]).toBeCloseTo(1 - one, 6);
      expect(found[1]).toBeCloseTo(one, 6);
      probabilities.dispose();
    }
    x.dispose();
  });

  it('checks inputs', async () => {
    const model = await fromFunction((x) => x, { inputShape: [2], bounds });
    const wrong = [tf.zeros([2]), tf.zeros([1, 3]), tf.zeros([1, 2], 'int32')];
    expect(() => model.logits(wrong[0]!)).toThrow(/ADVROB_SHAPE/);
    expect(() => model.logits(wrong[1]!)).toThrow(/ADVROB_SHAPE/);
    expect(() => model.logits(wrong[2]!)).toThrow(/ADVROB_DTYPE/);
    tf.dispose(wrong);
  });
});
