import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { stats } from '../../index.js';
import '../../register.js';

beforeAll(() => tf.setBackend('onnxruntime'));

interface Case {
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly groups: number;
  readonly strides?: number;
}

// In blocks of 8 or 16 channels: one per channel, some groups a block, groups of blocks; then without blocks.
const cases: Readonly<Record<string, Case>> = {
  'a channel a group': { x: [2, 9, 7, 32], filter: [3, 3, 1, 32], groups: 32 },
  'a channel a group, stride 2': { x: [2, 8, 6, 32], filter: [5, 5, 1, 32], groups: 32, strides: 2 },
  'groups merged': { x: [2, 6, 7, 64], filter: [3, 3, 4, 64], groups: 16 },
  'groups merged, stride 2': { x: [2, 6, 8, 64], filter: [3, 3, 4, 64], groups: 16, strides: 2 },
  'groups of blocks': { x: [2, 5, 5, 64], filter: [3, 3, 32, 32], groups: 2 },
  'no blocks': { x: [2, 5, 5, 15], filter: [3, 3, 5, 9], groups: 3 },
  'no blocks, two outputs a channel': { x: [2, 5, 5, 6], filter: [3, 3, 1, 12], groups: 6 },
};

const normal = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);

function convolved(x: tf.Tensor, filter: tf.Tensor, { groups, strides = 1 }: Case): tf.Tensor {
  const pad = [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ];
  const attributes = { strides: [strides, strides], dilations: [1, 1], pad, groups };
  return tf.engine().runKernel('GroupedConv2D', { x, filter }, attributes as object as tf.NamedAttrMap) as tf.Tensor;
}

/** Group by group. */
function split(x: tf.Tensor, filter: tf.Tensor, { groups, strides = 1 }: Case): tf.Tensor {
  const parts = tf.split(x, groups, 3) as tf.Tensor4D[];
  const filters = tf.split(filter, groups, 3) as tf.Tensor4D[];
  return tf.concat(
    parts.map((part, i) => tf.conv2d(part, filters[i]!, strides, 1)),
    3,
  );
}

describe.each(Object.entries(cases))('a convolution in groups: %s', (_name, each) => {
  it('is that of its groups, as are its gradients', () => {
    const [x, filter] = [normal(each.x, 1), normal(each.filter, 2)];
    const [ours, theirs] = [convolved, split].map((f) =>
      tf.valueAndGrads((a, b) => tf.sum(tf.mul(f(a, b, each), tf.cos(f(a, b, each)))))([x, filter]),
    );
    const [grads, wanted] = [ours!, theirs!].map(({ grads: [a, b] }) => [a!, b!] as const);
    for (const i of [0, 1] as const) {
      const scale = tf.max(tf.abs(wanted![i])).dataSync()[0]!;
      const error = tf.max(tf.abs(tf.sub(grads![i], wanted![i]))).dataSync()[0]!;
      expect(error / scale).toBeLessThan(3e-6);
    }
  });

  it('has the same bits with and without what follows it, and with kept forms of its filter', () => {
    const [x, filter, bias] = [normal(each.x, 1), normal(each.filter, 2), normal([each.filter[3]], 3)];
    const apart = convolved(x, filter, each);
    apart.dataSync();
    const wanted = tf.relu(tf.add(apart, bias)).dataSync();
    const runs = Array.from({ length: 4 }, () =>
      tf.tidy(() => tf.relu(tf.add(convolved(x, filter, each), bias)).dataSync()),
    );
    for (const found of runs) expect(found.every((value, i) => value === wanted[i])).toBe(true);
  });
});

it('refuses channels that the groups do not fit', () => {
  expect(() =>
    convolved(tf.zeros([1, 3, 3, 6]), tf.zeros([1, 1, 2, 4]), { ...cases['no blocks']!, groups: 2 }),
  ).toThrow('2 groups do not fit 6 channels');
  expect(stats().fallbacks).not.toHaveProperty('GroupedConv2D');
});
