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
});
