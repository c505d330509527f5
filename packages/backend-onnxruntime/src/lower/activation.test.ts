import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import '../register.js';

beforeAll(() => tf.setBackend('onnxruntime'));

const points = Float32Array.from({ length: 2201 }, (_, i) => -80 + i / 20);

/** Largest error relative to the true value, in units of float32's spacing at 1. */
async function relativeError(compute: (x: tf.Tensor) => tf.Tensor, exact: (x: number) => number): Promise<number> {
  const found = await tf.tidy(() => compute(tf.tensor1d(points))).data();
  return Math.max(...Array.from(points, (x, i) => Math.abs(found[i]! / exact(x) - 1))) * 2 ** 23;
}
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

// An example with a large margin has a gradient of exp(-margin): where that is 0, no attack moves
// it.
describe('functions that saturate keep their tails', () => {
  it('exp', async () => expect(await relativeError(tf.exp, Math.exp)).toBeLessThan(8));
  it('sigmoid', async () => expect(await relativeError(tf.sigmoid, sigmoid)).toBeLessThan(8));
  it('softplus', async () => expect(await relativeError(tf.softplus, softplus)).toBeLessThan(8));
  it('the gradient of softplus', async () => {
    expect(await relativeError(tf.grad(tf.softplus), sigmoid)).toBeLessThan(8);
  });
  it('the gradient of sigmoid below 0', async () => {
    const exact = (x: number) => sigmoid(x) * (1 - sigmoid(x));
    const found = await tf.grad(tf.sigmoid)(tf.tensor1d(points)).data();
    points.forEach((x, i) => x > 0 || expect(Math.abs(found[i]! / exact(x) - 1)).toBeLessThan(1e-6));
  });
  it('log-softmax and its gradient', async () => {
    const loss = (x: tf.Tensor) => tf.neg(tf.slice(tf.logSoftmax(tf.stack([x, tf.zerosLike(x)], 1)), [0, 0], [-1, 1]));
    const gradient = tf.grad((x) => loss(x));
    const found = await gradient(tf.tensor1d(points)).data();
    // p - 1 is made of the rounded p, on every backend: exact where p is small.
    points.forEach((x, i) => x > 0 || expect(Math.abs(found[i]! + 1 - sigmoid(x))).toBeLessThan(1e-6));
  });
});
