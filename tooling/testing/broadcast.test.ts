import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { repeated } from './broadcast.js';

/** Every way in which axes of length 1, and missing ones, are repeated in a shape of up to four axes. */
const shapes = [[2], [3, 2], [2, 3, 2], [2, 1, 3, 2]].flatMap((to) =>
  Array.from({ length: 2 ** to.length }, (_, mask) =>
    to.map((length, axis) => (mask & (1 << axis) ? 1 : length)),
  ).flatMap((from) => to.map((_, missing) => ({ to, from: from.slice(missing) }))),
);

it('repeats values as coordinates say', () => {
  for (const { from, to } of shapes) {
    const values = Float32Array.from({ length: tf.util.sizeFromShape(from) }, (_, i) => i);
    const strides = tf.util.computeStrides(from);
    const wanted = Array.from({ length: tf.util.sizeFromShape(to) }, (_, i) => {
      const at = tf.util.indexToLoc(i, to.length, tf.util.computeStrides(to)).slice(-from.length);
      return tf.util.locToIndex(
        at.map((each, axis) => (from[axis] === 1 ? 0 : each)),
        from.length,
        strides,
      );
    });
    expect([...repeated(values, from, to)], `[${from.join()}] in [${to.join()}]`).toEqual(wanted);
  }
});

it('gives every kernel the bits of equal shapes, and leaks nothing', () => {
  const [x, row] = [tf.randomUniform([3, 4], 0.5, 2, 'float32', 1), tf.randomUniform([4], 0.5, 2, 'float32', 2)];
  const before = tf.memory();
  for (const op of [tf.add, tf.sub, tf.mul, tf.div, tf.maximum, tf.minimum, tf.pow, tf.squaredDifference, tf.greater])
    tf.tidy(() => {
      const wide = tf.tile(tf.reshape(row, [1, 4]), [3, 1]);
      expect([...op(x, row).dataSync()]).toEqual([...op(x, wide).dataSync()]);
      expect([...op(row, x).dataSync()]).toEqual([...op(wide, x).dataSync()]);
    });
  expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numDataBuffers: before.numDataBuffers });
  tf.dispose([x, row]);
});
