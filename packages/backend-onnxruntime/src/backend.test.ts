import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { OnnxRuntimeBackend } from './index.js';
import './register.js';

type Parameters = Record<string, tf.Tensor>;

function network(seed: number, channels: number): Parameters {
  const normal = (shape: number[], deviation: number, offset: number): tf.Tensor =>
    tf.randomNormal(shape, 0, deviation, 'float32', seed + offset);
  return {
    filter1: normal([3, 3, 1, channels], 0.2, 1),
    bias1: normal([channels], 0.1, 2),
    filter2: normal([3, 3, channels, channels], 0.08, 3),
    bias2: normal([channels], 0.1, 4),
    dense: normal([25 * channels, 10], 0.05, 5),
  };
}

function logits(x: tf.Tensor4D, p: Parameters): tf.Tensor2D {
  let h = tf.relu(tf.add(tf.conv2d(x, p['filter1'] as tf.Tensor4D, 1, 'valid'), p['bias1']!)) as tf.Tensor4D;
  h = tf.relu(tf.add(tf.conv2d(h, p['filter2'] as tf.Tensor4D, 1, 'same'), p['bias2']!));
  h = tf.maxPool(h, 2, 2, 'valid');
  return tf.matMul(tf.reshape(h, [x.shape[0], -1]) as tf.Tensor2D, p['dense'] as tf.Tensor2D);
}

const labels = (n: number): tf.Tensor2D =>
  tf.cast(
    tf.oneHot(
      tf.tensor1d(
        Array.from({ length: n }, (_, i) => i % 10),
        'int32',
      ),
      10,
    ),
    'float32',
  ) as tf.Tensor2D;

function lossOf(x: tf.Tensor4D, p: Parameters, y: tf.Tensor2D): tf.Scalar {
  return tf.losses.softmaxCrossEntropy(y, logits(x, p));
}

function images(n: number): tf.Tensor4D {
  // Flat zero regions, so that the pool meets ties.
  return tf.relu(tf.randomNormal([n, 12, 12, 1], 0, 1, 'float32', 5)) as tf.Tensor4D;
}

async function onBoth<T>(compute: () => Promise<T>): Promise<[T, T]> {
  await tf.setBackend('cpu');
  const expected = await compute();
  await tf.setBackend('onnxruntime');
  return [expected, await compute()];
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index]!)), 0);
}

beforeAll(() => tf.enableProdMode());

describe('a small network', () => {
  for (const channels of [8, 16, 32])
    it(`has the cpu backend's input gradient with ${channels} channels, ties included`, async () => {
      const [expected, actual] = await onBoth(async () => {
        const p = network(3, channels);
        const gradient = tf.grad((x) => lossOf(x as tf.Tensor4D, p, labels(4)))(images(4));
        return (await gradient.data()) as Float32Array;
      });
      expect(Math.max(...expected)).toBeGreaterThan(1e-4);
      expect(largestDifference(expected, actual)).toBeLessThan(1e-7);
    });

  it('trains like the cpu backend', async () => {
    const [expected, actual] = await onBoth(async () => {
      const initial = network(7, 16);
      const variables = Object.fromEntries(Object.entries(initial).map(([name, value]) => [name, tf.variable(value)]));
      const optimizer = tf.train.momentum(0.05, 0.9);
      const losses: number[] = [];
      for (let step = 0; step < 4; step++) {
        const loss = optimizer.minimize(() => lossOf(images(8), variables, labels(8)), true)!;
        losses.push((await loss.data())[0]!);
      }
      tf.disposeVariables();
      return Float32Array.from(losses);
    });
    expect(expected[3]!).toBeLessThan(expected[0]!);
    expect(largestDifference(expected, actual)).toBeLessThan(1e-5);
  });

  it('keeps tensors, bytes and graphs flat over 500 training steps, without help of the cpu backend', async () => {
    await tf.setBackend('onnxruntime');
    const backend = tf.backend() as OnnxRuntimeBackend;
    const variables = Object.entries(network(9, 8)).map(([name, value]) => [name, tf.variable(value)] as const);
    const parameters = Object.fromEntries(variables);
    const optimizer = tf.train.adam(0.001);
    const step = async (): Promise<void> => {
      const loss = tf.tidy(() => optimizer.minimize(() => lossOf(images(8), parameters, labels(8)), true)!);
      await loss.data();
      loss.dispose();
    };
    for (let i = 0; i < 5; i++) await step();
    const fallbacks = { ...backend.stats().fallbacks };
    const before = {
      tensors: tf.memory().numTensors,
      bytes: backend.stats().bytes,
      graphs: backend.stats().graphsCompiled,
    };
    for (let i = 0; i < 500; i++) await step();
    expect(backend.stats().fallbacks).toEqual(fallbacks);
    const after = {
      tensors: tf.memory().numTensors,
      bytes: backend.stats().bytes,
      graphs: backend.stats().graphsCompiled,
    };
    expect(after).toEqual(before);
    tf.disposeVariables();
  });

  it('keeps no more arrays when every step writes new ones', async () => {
    await tf.setBackend('onnxruntime');
    const backend = tf.backend() as OnnxRuntimeBackend;
    const step = async (seed: number): Promise<void> => {
      const x = tf.randomUniform([64, 64], 0, 1, 'float32', seed);
      const y = tf.mul(x, 2);
      await y.data();
      tf.dispose([x, y]);
    };
    for (let seed = 1; seed <= 5; seed++) await step(seed);
    const { pooledBytes } = backend.stats();
    for (let seed = 6; seed <= 50; seed++) await step(seed);
    expect(backend.stats().pooledBytes).toBe(pooledBytes);
  });

  it('uses memory again while something stays uncomputed, but not what that will read', async () => {
    await tf.setBackend('onnxruntime');
    const backend = tf.backend() as OnnxRuntimeBackend;
    const size = 300_000;
    const read = tf.linspace(0, 1, size);
    const expected = read.dataSync().map((value) => value + 1);
    const left = tf.add(read, 1);
    read.dispose();
    let x: tf.Tensor = tf.linspace(-1, 0, size);
    const arrays = new Set<ArrayBufferLike>();
    for (let step = 0; step < 40; step++) {
      const next = tf.tidy(() => tf.add(tf.mul(x, 0.5), step));
      backend.flush([next]);
      arrays.add(backend.arrayOf(backend.value(next)).buffer);
      x.dispose();
      x = next;
    }
    expect(backend.stats().pendingNodes).toBe(1);
    expect(arrays.size).toBeLessThan(8);
    expect(left.dataSync()).toEqual(expected);
    tf.dispose([left, x]);
  });

  it('does not remember what reads memory that may be given to others', async () => {
    await tf.setBackend('onnxruntime');
    const x = tf.randomNormal([1, 2048], 0, 1, 'float32', 3);
    const y = tf.broadcastTo(x, [4, 2048]);
    tf.relu(y).dispose();
    const expected = y.dataSync().map((value) => Math.max(value, 0));
    x.dispose();
    // Takes the memory of x.
    const others = Array.from({ length: 4 }, (_, i) => tf.randomNormal([1, 2048], 5, 1, 'float32', 4 + i));
    for (const other of others) tf.neg(other).dataSync();
    expect(tf.relu(y).dataSync()).toEqual(expected);
    tf.dispose([y, ...others]);
  });

  it('gives no wrong values when tensors outlive the graphs that made them', async () => {
    await tf.setBackend('onnxruntime');
    const kept: tf.Tensor[] = [];
    for (let i = 0; i < 20; i++) {
      const x = tf.randomNormal([40, 50], 0, 1, 'float32', i + 1);
      const y = tf.add(tf.mul(x, 2), 1);
      await y.data();
      kept.push(tf.reshape(tf.sub(y, 0), [2000]));
      x.dispose();
      y.dispose();
      const expected = tf.tidy(() =>
        tf.reshape(tf.add(tf.mul(tf.randomNormal([40, 50], 0, 1, 'float32', i + 1), 2), 1), [2000]),
      );
      expect(await kept[i]!.data()).toEqual(await expected.data());
      expected.dispose();
    }
    const again = await kept[0]!.data();
    const first = tf.add(tf.mul(tf.randomNormal([40, 50], 0, 1, 'float32', 1), 2), 1);
    expect(again).toEqual(await first.data());
  });
});
