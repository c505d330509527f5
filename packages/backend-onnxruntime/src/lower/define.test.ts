import '../register.js';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';

it.each([36, 37, 64])(
  'a window out of rows and columns broadcasts right at batch %i: its parts end in different numbers of axes of extent one',
  async (n) => {
    await tf.setBackend('onnxruntime');
    const starts = Float32Array.from({ length: n }, (_, i) => i % 20);
    const inside = (axis: number): tf.Tensor => {
      const shape = [1, 1, 1, 1];
      const place = tf.reshape(tf.range(0, 28), Object.assign([...shape], { [axis]: 28 }));
      const start = tf.tensor(starts, [n, 1, 1, 1]);
      return tf.logicalAnd(tf.greaterEqual(place, start), tf.less(place, tf.add(start, 5)));
    };
    const x = tf.randomUniform([n, 28, 28, 1]) as tf.Tensor4D;
    const sign = tf.sub(tf.mul(tf.cast(tf.greater(tf.tensor(starts, [n, 1, 1, 1]), -1), 'float32'), 2), 1);
    const moved = tf.add(x, tf.mul(tf.cast(tf.logicalAnd(inside(1), inside(2)), 'float32'), sign)) as tf.Tensor4D;
    const identity = tf.ones([1, 1, 1, 1]) as tf.Tensor4D;
    const sums = tf.sum(tf.conv2d(moved, identity, 1, 'same'), [1, 2, 3]);
    const clean = await tf.sum(x, [1, 2, 3]).data();
    const found = await sums.data();
    found.forEach((sum, i) => expect(sum - clean[i]!).toBeCloseTo(25, 2));
  },
);
