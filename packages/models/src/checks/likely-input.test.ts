import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { likelyInput } from './likely-input.js';

beforeEach(() => tf.setBackend('cpu'));

/**
 * Images of one grey each, from 0 to 1, in classes 0, 1, 2 by thirds, and a network that finds the
 * third of an input from `low` to `high`.
 */
function problem(low: number, high: number, count = 90) {
  const greys = Float32Array.from({ length: count }, (_, i) => (i + 0.5) / count);
  const x = tf.tensor4d(greys, [count, 1, 1, 1]);
  const y = tf.tensor1d(
    Int32Array.from(greys, (grey) => Math.floor(3 * grey)),
    'int32',
  );
  const middles = tf.tensor1d([1, 3, 5].map((sixth) => low + ((high - low) * sixth) / 6));
  const logits = (inputs: tf.Tensor) => tf.neg(tf.abs(tf.sub(tf.reshape(inputs, [-1, 1]), middles)));
  return { x, y, model: { logits }, dispose: () => tf.dispose([x, y, middles]) };
}

describe('likelyInput', () => {
  it.each([
    [0, 255, 'bytes, from 0 to 255'],
    [-1, 1, 'values from -1 to 1'],
    [-0.1307 / 0.3081, (1 - 0.1307) / 0.3081, "images normalised by MNIST's mean and deviation"],
  ])('finds what a network from %d to %d expects', async (low, high, words) => {
    const { model, x, y, dispose } = problem(low, high);
    const before = tf.memory().numTensors;
    const found = await likelyInput(model, x, y);
    expect(found).toMatchObject({ words, better: 1 });
    expect(found!.accuracy).toBeLessThan(0.8);
    expect(tf.memory().numTensors).toBe(before);
    dispose();
  });

  it('says nothing of a network that is right as it is, nor from few examples', async () => {
    for (const { model, x, y, dispose } of [problem(0, 1), problem(0.05, 1.1), problem(0, 255, 49)]) {
      expect(await likelyInput(model, x, y)).toBeUndefined();
      dispose();
    }
  });

  /** Images of ten classes whose predictions are `expected` when inputs are bytes, and class 9 else. */
  function told(expected: (label: number, i: number) => number) {
    const labels = Array.from({ length: 200 }, (_, i) => i % 10);
    const x = tf.fill([200, 1, 1, 1], 0.5);
    const y = tf.tensor1d(labels, 'int32');
    const logits = (inputs: tf.Tensor) =>
      tf.tidy(() => {
        const isBytes = tf.greater(tf.max(inputs), 2);
        const classes = tf.where(isBytes, tf.tensor1d(labels.map(expected), 'int32'), tf.fill([200], 9, 'int32'));
        return tf.oneHot(tf.cast(classes, 'int32'), 10);
      });
    return { model: { logits }, x, y, dispose: () => tf.dispose([x, y]) };
  }

  it.each([
    // What an untrained network gave: 2% as it is, 13% in another form.
    ['a few more at random', (label: number, i: number) => (i % 8 === 0 ? label : (label + 1) % 10), undefined],
    ['four whole classes of ten', (label: number) => (label < 4 ? label : 0), undefined],
    ['one class for all', () => 3, undefined],
    ['half of every class', (label: number, i: number) => (i < 100 ? label : (label + 1) % 10), 'bytes, from 0 to 255'],
    ['a third of every class', (label: number, i: number) => (i < 70 ? label : 8), 'bytes, from 0 to 255'],
  ])('tells a network that learnt from one that guesses: %s', async (_what, expected, words) => {
    const { model, x, y, dispose } = told(expected);
    expect((await likelyInput(model, x, y))?.words).toBe(words);
    dispose();
  });
});
