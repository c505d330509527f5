import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import '../register.js';

/**
 * Normalises by the batch's own statistics, weighs the pixels, and gives the value and the
 * gradients of all inputs.
 */
async function gradients(shape: [number, number, number, number], spread: number): Promise<Float32Array[]> {
  const channels = shape[3];
  const x = tf.add(tf.randomNormal(shape, 0, spread, 'float32', 1), 3 * spread);
  const scale = tf.randomNormal([channels], 1, 0.3, 'float32', 2);
  const offset = tf.randomNormal([channels], 0, 0.3, 'float32', 3);
  const weights = tf.randomNormal(shape, 0, 1, 'float32', 4);
  const normalise = (input: tf.Tensor, factor: tf.Tensor, shift: tf.Tensor): tf.Tensor => {
    const { mean, variance } = tf.moments(input, [0, 1, 2]);
    const normal = tf.batchNorm(
      input as tf.Tensor4D,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      shift as tf.Tensor1D,
      factor as tf.Tensor1D,
      1e-3,
    );
    return tf.sum(tf.mul(tf.relu(tf.mul(tf.mul(normal, factor), 0.5)), weights));
  };
  const all = tf.grads((...inputs) => normalise(inputs[0]!, inputs[1]!, inputs[2]!))([x, scale, offset]);
  return Promise.all(all.map(async (tensor) => (await tensor.data()) as Float32Array));
}

describe('batch normalisation by the batch itself', () => {
  it.each([
    ['channels in blocks', [4, 6, 6, 32], 1],
    ['other channels', [3, 5, 4, 5], 1],
    ['one channel', [3, 5, 4, 1], 1],
    ['images of zeros only', [2, 4, 4, 16], 0],
  ] as const)("has the cpu backend's gradients: %s", async (_name, shape, spread) => {
    await tf.setBackend('cpu');
    const expected = await gradients([...shape], spread);
    await tf.setBackend('onnxruntime');
    const actual = await gradients([...shape], spread);
    expected.forEach((array, index) => {
      const size = array.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const error = array.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[index]![i]!)), 0);
      expect(size).toBeGreaterThan(1e-3);
      expect(error / size).toBeLessThan(1e-5);
    });
  });
});
