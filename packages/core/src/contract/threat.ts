import type { Tensor } from '@tensorflow/tfjs-core';
import type { RowRandom } from './random.js';

export type Norm = 'linf' | 'l2' | 'l1' | 'l0';

/**
 * What the adversary may do: a ball of radius `epsilon` around the clean example, inside the bounds
 * of the model. Rows are independent.
 */
export interface ThreatModel {
  readonly norm: Norm;
  /**
   * Radius in units of the model's bounds; for `l0` the number of input values that may change.
   * `Infinity` leaves only the bounds.
   */
  readonly epsilon: number;
  readonly bounds: readonly [number, number];
  withEpsilon(epsilon: number): ThreatModel;
  /**
   * The point of the ball and the bounds that stands for `adv` [n, ...]. See each norm for what is
   * Euclidean-nearest.
   */
  project(adv: Tensor, x: Tensor): Tensor;
  /**
   * The direction of unit norm that ascends a linear function with this `gradient` fastest; zero
   * rows stay zero.
   */
  steepestAscent(gradient: Tensor): Tensor;
  /** A random point of the ball and the bounds, from `rng` under the purpose `start`. */
  randomStart(x: Tensor, rng: RowRandom): Tensor;
  /** Distance per row [n], float32. */
  distance(adv: Tensor, x: Tensor): Tensor;
}

/** A threat as a user writes it; bounds come from the model. */
export type Threat = ThreatModel | { readonly norm: Norm; readonly epsilon: number };
