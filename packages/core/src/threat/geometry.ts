import type { Tensor } from '@tensorflow/tfjs-core';
import type { RowRandom } from '../contract/index.js';

/** Lower and upper bound of the input values. */
export type Bounds = readonly [number, number];

/**
 * The mathematics of one norm. Tensors are [n, ...] with `x` inside the bounds; `epsilon` is finite and above 0. Called inside `tf.tidy`, which
 * frees what is not returned.
 */
export interface Geometry {
  project(adv: Tensor, x: Tensor, epsilon: number, bounds: Bounds): Tensor;
  steepestAscent(gradient: Tensor): Tensor;
  /** A random point of the ball. It may lie outside the bounds: clipping to them moves every value towards `x` and so stays in the ball. */
  randomPoint(x: Tensor, rng: RowRandom, epsilon: number, bounds: Bounds): Tensor;
  distance(adv: Tensor, x: Tensor): Tensor;
}
