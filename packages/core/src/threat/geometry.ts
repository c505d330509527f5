import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { RowRandom } from '../contract/index.js';
import { flatRows, oneHot, signOf } from '../rows.js';

/** Lower and upper bound of the input values. */
export type Bounds = readonly [number, number];

/**
 * The mathematics of one norm. Tensors are [n, ...] with `x` inside the bounds; `epsilon` is finite
 * and above 0. Called inside `tf.tidy`, which frees what is not returned.
 */
export interface Geometry {
  project(adv: Tensor, x: Tensor, epsilon: number, bounds: Bounds): Tensor;
  steepestAscent(gradient: Tensor): Tensor;
  /**
   * A random point of the ball. It may lie outside the bounds: clipping to them moves every value
   * towards `x` and so stays in the ball.
   */
  randomPoint(x: Tensor, rng: RowRandom, epsilon: number, bounds: Bounds): Tensor;
  distance(adv: Tensor, x: Tensor): Tensor;
}

/**
 * True at the `count` largest values of each row of [n, d]; of equal values the first are taken.
 */
export function isAmongLargest(values: Tensor2D, count: number): Tensor2D {
  const [rows, size] = values.shape;
  if (count >= size) return tf.ones([rows, size], 'bool');
  const threshold = tf.slice(tf.topk(values, count).values, [0, count - 1], [rows, 1]);
  const isAbove = tf.greater(values, threshold);
  const isTied = tf.equal(values, threshold);
  const placesLeft = tf.sub(count, tf.sum(tf.cast(isAbove, 'float32'), 1, true));
  const placeAmongTied = tf.cumsum(tf.cast(isTied, 'float32'), 1);
  return tf.logicalOr(isAbove, tf.logicalAnd(isTied, tf.lessEqual(placeAmongTied, placesLeft)));
}

/**
 * Per row of [n, ...] the sign of the entry with the largest size (the first of ties) in its place,
 * 0 elsewhere; zero rows stay zero.
 */
export function signOfLargest(vectors: Tensor): Tensor {
  const rows = flatRows(vectors);
  const place = oneHot(tf.argMax(tf.abs(rows), 1), rows.shape[1]);
  return tf.reshape(tf.mul(place, signOf(rows)), vectors.shape);
}

/**
 * Radii [n, 1] of uniform points in a ball of radius `epsilon` in `dimension` dimensions:
 * `epsilon * u^(1/d)`, for any norm.
 */
export function ballRadius(rng: RowRandom, epsilon: number, dimension: number): Tensor {
  return tf.mul(tf.pow(rng.uniform('start-radius', [1], 0, 1), 1 / dimension), epsilon);
}
