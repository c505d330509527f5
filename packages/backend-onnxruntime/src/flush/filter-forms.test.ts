import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { registerOnnxRuntime, stats } from '../index.js';
import '../register.js';

const filterBytes = 3 * 3 * 16 * 32 * 4;

beforeEach(async () => {
  registerOnnxRuntime({ hoistAfter: 2 });
  await tf.setBackend('onnxruntime');
});

function convolved(x: tf.Tensor, filter: tf.Tensor): Float32Array {
  return tf.tidy(() =>
    tf.sum(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same'), [0, 1, 2]).dataSync(),
  ) as Float32Array;
}

const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);

describe('forms of filters', () => {
  it('are kept from the third run on, and change no bit', () => {
    const [x, filter] = [random([2, 8, 8, 16], 1), random([3, 3, 16, 32], 2)];
    const runs = Array.from({ length: 4 }, () => {
      const values = convolved(x, filter);
      return { values, bytes: stats().derivedBytes };
    });
    expect(runs.map(({ bytes }) => bytes)).toEqual([0, 0, filterBytes, filterBytes]);
    for (const { values } of runs) expect(values).toEqual(runs[0]!.values);
  });

  it('are shared by graphs for other batch sizes', () => {
    const filter = random([3, 3, 16, 32], 2);
    for (const batch of [1, 2, 3, 4, 5]) convolved(random([batch, 8, 8, 16], batch), filter);
    expect(stats().derivedBytes).toBe(filterBytes);
  });

  it('belong to the value: a variable that changes has other forms, even where its old memory is used again', () => {
    registerOnnxRuntime({ hoistAfter: 0 });
    const x = random([2, 8, 8, 16], 1);
    const filter = tf.variable(random([3, 3, 16, 32], 2));
    for (let step = 1; step < 6; step++) {
      tf.tidy(() => filter.assign(tf.mul(filter, 0.5)));
      const values = convolved(x, filter);
      const plain = tf.tidy(() => tf.mul(random([3, 3, 16, 32], 2), 0.5 ** step));
      const expected = convolved(x, plain);
      plain.dispose();
      expect(values).toEqual(expected);
    }
    expect(stats().derivedBytes).toBeLessThanOrEqual(2 * filterBytes);
  });

  it('go with the filter', () => {
    const [x, filter] = [random([2, 8, 8, 16], 1), random([3, 3, 16, 32], 2)];
    for (let i = 0; i < 3; i++) convolved(x, filter);
    filter.dispose();
    tf.tidy(() => tf.add(x, 1).dataSync());
    expect(stats().derivedBytes).toBe(0);
  });

  it('are not kept by a graph that differentiates the filter: a training step replaces it', () => {
    const [x, filter] = [random([2, 8, 8, 16], 1), random([3, 3, 16, 32], 2)];
    const gradient = tf.grad((w) => tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'))));
    for (let i = 0; i < 4; i++) tf.tidy(() => gradient(filter).dataSync());
    expect(stats().derivedBytes).toBe(0);
  });
});
