import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { stats } from '../../index.js';
import '../../register.js';

const [batch, size, inputs, outputs] = [16, 4, 256, 272];

beforeAll(() => tf.setBackend('onnxruntime'));

type Filter = (r: number, c: number, i: number, o: number) => number;
type Image = (n: number, y: number, x: number, channel: number) => number;

const reader = (values: Float32Array, shape: readonly number[]): Image => {
  const [, b, c, d] = shape as [number, number, number, number];
  return (i: number, j: number, k: number, l: number): number => values[((i * b + j) * c + k) * d + l]!;
};

/** One number of the convolution with padding 1, by its definition. */
function convolvedAt(
  x: Image,
  filter: Filter,
  channels: number,
  [n, y, at, o]: [number, number, number, number],
): number {
  let sum = 0;
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 3; c++) {
      const [row, column] = [y + r - 1, at + c - 1];
      if (row < 0 || row >= size || column < 0 || column >= size) continue;
      for (let i = 0; i < channels; i++) sum += x(n, row, column, i) * filter(r, c, i, o);
    }
  return sum;
}

it('convolutions of small maps and their input gradients are what the definition says', async () => {
  const x = tf.randomNormal([batch, size, size, inputs], 0, 1, 'float32', 1) as tf.Tensor4D;
  const w = tf.randomNormal([3, 3, inputs, outputs], 0, 1, 'float32', 2) as tf.Tensor4D;
  const dy = tf.randomNormal([batch, size, size, outputs], 0, 1, 'float32', 3);
  const bias = tf.randomNormal([outputs], 0, 1, 'float32', 4);
  const y = tf.relu(tf.add(tf.conv2d(x, w, 1, 'same'), bias));
  const dx = tf.grad((at) => tf.sum(tf.mul(tf.conv2d(at as tf.Tensor4D, w, 1, 1), dy)))(x);
  const [xs, ws, gs, bs, ys, dxs] = (await Promise.all([x, w, dy, bias, y, dx].map((each) => each.data()))) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const filter = reader(ws, w.shape);
  const turned: Filter = (r, c, o, i) => filter(2 - r, 2 - c, i, o);
  // Three standard deviations of sums of so many products.
  const tolerance = 4e-6 * 3 * Math.sqrt(9 * outputs);
  for (let n = 0; n < batch; n += 5)
    for (let pixel = 0; pixel < size * size; pixel++) {
      const [row, column, channel] = [Math.floor(pixel / size), pixel % size, (37 * pixel + n) % inputs];
      const sum = convolvedAt(reader(xs, x.shape), filter, inputs, [n, row, column, channel]) + bs[channel]!;
      expect(Math.abs(reader(ys, y.shape)(n, row, column, channel) - Math.max(0, sum))).toBeLessThan(tolerance);
      const gradient = convolvedAt(reader(gs, dy.shape), turned, outputs, [n, row, column, channel]);
      expect(Math.abs(reader(dxs, dx.shape)(n, row, column, channel) - gradient)).toBeLessThan(tolerance);
    }
});

it('keeping the filter’s frequencies changes no bit', () => {
  const x = tf.randomNormal([batch, size, size, inputs], 0, 1, 'float32', 1) as tf.Tensor4D;
  const w = tf.randomNormal([3, 3, inputs, outputs], 0, 1, 'float32', 2) as tf.Tensor4D;
  const runs = Array.from({ length: 4 }, () => {
    const values = tf.tidy(() => tf.conv2d(x, w, 1, 'same').dataSync());
    return { values, kept: stats().derivedBytes };
  });
  expect(runs.map(({ kept }) => kept)).toEqual([0, 0, 1, 1].map((count) => count * 16 * inputs * outputs * 4));
  for (const { values } of runs) expect(values.every((value, i) => value === runs[0]!.values[i])).toBe(true);
});
