import type { Norm } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { column, flatRows } from '../tensors/rows.js';

const halvings = 26;

/**
 * The Euclidean projection of each row of `offsets` [n, ...] on the ball of its own radius [n] around 0, bounds aside. The threat models of core
 * have one radius for all rows.
 */
export function shrinkTo(norm: Norm, offsets: Tensor, radius: Tensor): Tensor {
  return tf.tidy(() => {
    const rows = flatRows(offsets);
    return tf.reshape(balls[norm](rows, column(radius, rows) as Tensor2D), offsets.shape);
  });
}

const balls: Readonly<Record<Norm, (rows: Tensor2D, radius: Tensor2D) => Tensor>> = {
  linf: (rows, radius) => tf.minimum(tf.maximum(rows, tf.neg(radius)), radius),
  l2(rows, radius) {
    const length = tf.sqrt(tf.sum(tf.square(rows), 1, true));
    return tf.mul(rows, tf.minimum(tf.div(radius, tf.maximum(length, 1e-12)), 1));
  },
  l1: onL1Ball,
  l0: keepLargest,
};

/**
 * `sign(v) max(|v| - level, 0)` with the level at which the sum is the radius (Duchi et al. 2008): bracketed by halving, then interpolated, without
 * sorting.
 */
function onL1Ball(rows: Tensor2D, radius: Tensor2D): Tensor {
  const sizes = tf.abs(rows);
  const above = (level: Tensor): Tensor => tf.relu(tf.sub(sizes, level));
  const total = (values: Tensor): Tensor => tf.sum(values, 1, true);
  let upper: Tensor = tf.max(sizes, 1, true);
  let lower: Tensor = tf.zerosLike(upper);
  for (let i = 0; i < halvings; i++) {
    const middle = tf.mul(tf.add(lower, upper), 0.5);
    const isTooLow = tf.greater(total(above(middle)), radius);
    [lower, upper] = [tf.where(isTooLow, middle, lower), tf.where(isTooLow, upper, middle)];
  }
  const [most, least] = [above(lower), above(upper)];
  const gap = tf.maximum(tf.sub(total(most), total(least)), 1e-30);
  const share = tf.clipByValue(tf.div(tf.sub(radius, total(least)), gap), 0, 1);
  return tf.mul(tf.sign(rows), tf.add(least, tf.mul(tf.sub(most, least), share)));
}

/** The `radius` largest values of each row, the first of equal ones; the others 0. */
function keepLargest(rows: Tensor2D, radius: Tensor2D): Tensor {
  const size = rows.shape[1];
  const sizes = tf.abs(rows) as Tensor2D;
  const sorted = tf.topk(sizes, size).values;
  const last = tf.cast(tf.clipByValue(tf.sub(radius, 1), 0, size - 1), 'int32');
  const isLast = tf.cast(tf.oneHot(tf.reshape(last, [-1]) as Tensor1D, size), 'float32');
  const threshold = tf.sum(tf.mul(sorted, isLast), 1, true);
  const isAbove = tf.cast(tf.greater(sizes, threshold), 'float32');
  const isTied = tf.cast(tf.equal(sizes, threshold), 'float32');
  const placesLeft = tf.sub(radius, tf.sum(isAbove, 1, true));
  const isAmongFirst = tf.cast(tf.lessEqual(tf.cumsum(isTied, 1), placesLeft), 'float32');
  return tf.mul(rows, tf.add(isAbove, tf.mul(isTied, isAmongFirst)));
}
