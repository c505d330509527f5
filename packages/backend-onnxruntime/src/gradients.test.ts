import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import './register.js';

beforeAll(() => tf.setBackend('onnxruntime'));
afterAll(() => tf.setBackend('onnxruntime'));

/** The first and second derivative of a sum's and a mean's square along `axis`. */
async function derivatives(name: 'sum' | 'mean', axis: number | number[] | undefined): Promise<Float32Array[]> {
  const x = tf.tensor([1, -2, 3, 4, 5, -6], [3, 1, 2]);
  const f = (at: tf.Tensor): tf.Scalar => tf.sum(tf.pow(tf[name](tf.mul(at, at), axis), 2));
  const first = tf.grad(f);
  const second = tf.grad((at) => tf.sum(tf.mul(first(at), first(at))));
  return [(await first(x).data()) as Float32Array, (await second(x).data()) as Float32Array];
}

describe.each(['sum', 'mean'] as const)('the gradient of tf.%s', (name) => {
  it.each([[undefined], [0], [-1], [[0, 2]]])('along %j is the cpu backend’s', async (axis) => {
    await tf.setBackend('cpu');
    const expected = await derivatives(name, axis);
    await tf.setBackend('onnxruntime');
    const got = await derivatives(name, axis);
    for (const [order, values] of got.entries())
      values.forEach((value, i) => expect(Math.abs(value / expected[order]![i]! - 1)).toBeLessThan(1e-5));
  });

  it('writes no array', () => {
    const backend = tf.backend();
    const { write } = backend;
    let largest = 0;
    backend.write = (values, shape, dtype) => {
      largest = Math.max(largest, values?.length ?? 0);
      return write.call(backend, values, shape, dtype);
    };
    const x = tf.zeros([64, 64]);
    largest = 0;
    tf.tidy(() => tf.grad((at) => tf[name](tf.square(at)) as tf.Scalar)(x));
    backend.write = write;
    expect(largest).toBeLessThan(64);
  });
});
