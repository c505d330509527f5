import type { Tensor } from '@tensorflow/tfjs-core';
import type { RowRandom } from '../contract/index.js';

/** Lower and upper bound of the input values. */
export type Bounds = readonly [number, number];

/**
 * The mathematics of one norm. Tensors are [n, ...]; `epsilon` is finite and positive unless said otherwise. Called inside `tf.tidy`, which frees
 * what is not returned.
 */
export interface Geometry {
  /** `epsilon` may be 0. */
  project(adv: Tensor, x: Tensor, epsilon: number, bounds: Bounds): Tensor;
  steepestAscent(gradient: Tensor): Tensor;
  /** A random offset from `x` inside the ball; may leave the bounds. */
  randomOffset(x: Tensor, rng: RowRandom, epsilon: number, bounds: Bounds): Tensor;
  distance(adv: Tensor, x: Tensor): Tensor;
}
