import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import '../register.js';

type Four = [number, number, number, number];
type Case = [name: string, input: Four, filter: Four, stride: number, pad: 'same' | 'valid' | number, dilation: number];

const cases: Case[] = [
  ['first layer', [2, 9, 9, 3], [3, 3, 3, 16], 1, 'same', 1],
  ['blocked', [2, 8, 8, 32], [3, 3, 32, 48], 1, 'same', 1],
  ['blocked, stride 2, asymmetric', [2, 8, 8, 16], [3, 3, 16, 32], 2, 'same', 1],
  ['blocked, padding 1, stride 2', [2, 7, 9, 16], [3, 3, 16, 16], 2, 1, 1],
  ['1x1 shortcut', [2, 8, 8, 16], [1, 1, 16, 32], 2, 'valid', 1],
  ['channels that fill no block', [1, 6, 6, 20], [3, 3, 20, 10], 1, 'same', 1],
  ['dilated', [1, 9, 9, 16], [3, 3, 16, 16], 1, 'same', 2],
  ['not square, numeric padding', [1, 5, 6, 4], [3, 2, 4, 2], 1, 1, 1],
  ['filter gradient: rows against columns', [1, 24, 6, 16], [3, 3, 16, 32], 1, 'valid', 1],
  ['filter gradient: rows against columns, padded, not square', [2, 20, 9, 32], [3, 2, 32, 16], 1, 'same', 1],
  ['filter gradient: all taps, padded', [2, 4, 4, 64], [3, 3, 64, 64], 1, 'same', 1],
  ['filter gradient: first layer, blocked outputs', [3, 8, 7, 5], [3, 3, 5, 32], 2, 'same', 1],
  ['input gradient by phases of stride 2', [2, 8, 8, 32], [3, 3, 32, 16], 2, 1, 1],
  ['input gradient by phases of stride 2, 5x5', [1, 8, 12, 16], [5, 5, 16, 32], 2, 'same', 1],
  ['input gradient by phases of stride 3', [1, 9, 12, 16], [4, 3, 16, 16], 3, 'same', 1],
  ['5x5 window, small map', [1, 14, 14, 16], [5, 5, 16, 16], 1, 'same', 1],
  ['6x6 window, asymmetric, not square', [2, 7, 11, 32], [6, 6, 32, 16], 1, 'same', 1],
  ['5x5 window without padding, whose gradient has some', [2, 9, 9, 16], [5, 5, 16, 16], 1, 'valid', 1],
  ['5x5 window, dilated', [1, 12, 12, 16], [5, 5, 16, 16], 1, 'same', 2],
  ['5x5 window, stride 2', [2, 12, 12, 16], [5, 5, 16, 32], 2, 'same', 1],
  ['512 channels', [1, 4, 4, 512], [3, 3, 512, 16], 1, 'same', 1],
];

async function outputs(
  input: Four,
  filter: Four,
  stride: number,
  pad: Case[4],
  dilation: number,
): Promise<Float32Array[]> {
  const x = tf.randomNormal(input, 0, 1, 'float32', 11) as tf.Tensor4D;
  const w = tf.randomNormal(filter, 0, 0.1, 'float32', 12) as tf.Tensor4D;
  const convolve = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
    tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad, 'NHWC', dilation);
  // tfjs has no gradient of dilated convolutions.
  const gradients = dilation === 1 ? tf.grads((a, b) => tf.sum(tf.square(convolve(a!, b!))))([x, w]) : [];
  const all = [convolve(x, w), ...gradients];
  return Promise.all(all.map(async (tensor) => (await tensor.data()) as Float32Array));
}

beforeAll(() => tf.enableProdMode());

describe('convolutions and their gradients equal the cpu backend', () => {
  it.each(cases)('%s', async (_name, ...shape) => {
    await tf.setBackend('cpu');
    const expected = await outputs(...shape);
    await tf.setBackend('onnxruntime');
    const actual = await outputs(...shape);
    expected.forEach((array, index) => {
      const scale = array.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const error = array.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[index]![i]!)), 0);
      expect(scale).toBeGreaterThan(0);
      expect(error / scale).toBeLessThan(3e-6);
    });
  });
});
