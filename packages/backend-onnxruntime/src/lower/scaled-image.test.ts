import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerOnnxRuntime } from '../index.js';
import { GraphBuilder } from '../onnx/builder.js';
import '../register.js';

const channels = 32;
const x = (): tf.Tensor4D => tf.randomNormal([3, 6, 6, 16], 0, 1, 'float32', 1);
const filter = (): tf.Tensor4D => tf.randomNormal([3, 3, 16, channels], 0, 0.1, 'float32', 2);
const vector = (seed: number): tf.Tensor1D => tf.randomNormal([channels], 0.5, 0.3, 'float32', seed);
const image = (): tf.Tensor4D => tf.conv2d(x(), filter(), 1, 'same');
const shortcut = (): tf.Tensor4D =>
  tf.conv2d(tf.randomNormal([3, 6, 6, 16], 0, 1, 'float32', 5) as tf.Tensor4D, filter(), 1, 'same');

/** Passes over one channel each that were emitted. */
function passes(emit: ReturnType<typeof spy>): number {
  return emit.mock.calls.filter(([op, , attributes]) => op === 'Conv' && attributes?.['group'] === channels).length;
}
const spy = () => vi.spyOn(GraphBuilder.prototype, 'emit');

beforeEach(async () => {
  registerOnnxRuntime();
  await tf.setBackend('onnxruntime');
});
afterEach(() => vi.restoreAllMocks());

const chains: [name: string, passes: number, (read: <T extends tf.Tensor>(t: T) => T) => tf.Tensor][] = [
  ['times a vector', 1, (read) => tf.mul(read(image()), vector(3))],
  ['a vector times it', 1, (read) => tf.mul(vector(3), read(image()))],
  ['minus a vector', 1, (read) => tf.sub(read(image()), vector(3))],
  [
    'times, plus, cut at zero',
    1,
    (read) => tf.relu(read(tf.add(read(tf.mul(read(image()), vector(3))), vector(4))) as tf.Tensor),
  ],
  ['minus, cut at zero', 1, (read) => tf.relu(read(tf.sub(read(image()), vector(3))))],
  [
    'one scaled image plus another, plus a vector',
    2,
    (read) =>
      tf.add(
        read(tf.add(read(tf.mul(read(image()), vector(3))), read(tf.mul(read(shortcut()), vector(4))))),
        vector(6),
      ),
  ],
  [
    'another image plus a scaled one, cut at zero',
    1,
    (read) => tf.relu(read(tf.add(read(shortcut()), read(tf.mul(read(image()), vector(3)))))),
  ],
  [
    'plus a vector before another image, which is another order',
    1,
    (read) => tf.add(read(tf.add(read(tf.mul(read(image()), vector(3))), vector(4))), read(shortcut())),
  ],
];

describe('images scaled by channel are computed in one pass', () => {
  it.each(chains)('%s, with the bits of the separate ops', async (_name, count, chain) => {
    const emit = spy();
    const together = await tf.tidy(() => chain((t) => t)).data();
    expect(passes(emit)).toBe(count);
    const read = <T extends tf.Tensor>(t: T): T => {
      t.dataSync();
      return t;
    };
    expect(await tf.tidy(() => chain(read)).data()).toEqual(together);
    await tf.setBackend('cpu');
    const expected = (await tf.tidy(() => chain((t) => t)).data()) as Float32Array;
    const most = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    expected.forEach((value, i) => expect(Math.abs(value - together[i]!)).toBeLessThan(3e-6 * most));
  });

  it('keeps what is read in between', async () => {
    const product = tf.mul(image(), vector(3));
    const sum = tf.add(product, vector(4));
    const [a, b] = [await product.data(), await sum.data()];
    const offset = await vector(4).data();
    a.forEach((value, i) => expect(b[i]).toBe(Math.fround(value + offset[i % channels]!)));
  });
});

it('normalising a convolution by its batch has the cpu backend’s gradients', async () => {
  const loss = (input: tf.Tensor, weight: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Tensor => {
    const convolved = tf.conv2d(input as tf.Tensor4D, weight as tf.Tensor4D, 1, 'same');
    const { mean, variance } = tf.moments(convolved, [0, 1, 2]);
    const normal = tf.batchNorm(
      convolved,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      offset as tf.Tensor1D,
      scale as tf.Tensor1D,
      1e-5,
    );
    return tf.sum(tf.square(tf.relu(tf.add(tf.relu(normal), shortcut()))));
  };
  const gradients = (): Promise<Float32Array[]> => {
    const all = tf.grads((...inputs) => loss(...(inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor])))([
      x(),
      filter(),
      vector(3),
      vector(4),
    ]);
    return Promise.all(all.map(async (tensor) => (await tensor.data()) as Float32Array));
  };
  const emit = spy();
  const actual = await gradients();
  expect(passes(emit)).toBeGreaterThanOrEqual(4);
  await tf.setBackend('cpu');
  const expected = await gradients();
  expected.forEach((array, index) => {
    const size = array.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const error = array.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[index]![i]!)), 0);
    expect(size).toBeGreaterThan(1e-3);
    expect(error / size).toBeLessThan(1e-5);
  });
});
