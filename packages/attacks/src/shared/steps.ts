import type { ThreatModel } from '@advrob/core';
import { flatRows, rowSize, signOf } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as z from 'zod';

/** The option of every attack that takes steps in L1. */
export const shareOption = z
  .number()
  .positive()
  .max(1)
  .default(0.01)
  .describe('share of the values that an L1 step moves, at least one value; other norms ignore it');

/**
 * The direction of unit norm of a step from `adv` along `gradient` [n, ...]: the sign in Linf, the
 * normalised gradient in L2, equal steps on the few largest entries that can still move in L1
 * ({@link sparseAscent}).
 */
export function ascentDirection(threat: ThreatModel, gradient: Tensor, adv: Tensor, share: number): Tensor {
  return threat.norm === 'l1' ? sparseAscent(gradient, adv, threat.bounds, share) : threat.steepestAscent(gradient);
}

/**
 * A direction of unit L1 norm per row: the signs at the `share` of coordinates (at least one) with
 * the largest `|g|`, ties included. Coordinates that stand at the bound they would have to cross
 * are left out, or they would use up the step (Tramèr and Boneh 2019, *Adversarial Training and
 * Robustness for Multiple Perturbations*, https://arxiv.org/abs/1904.13000, section 3.2). Rows
 * without a gradient stay zero.
 */
function sparseAscent(gradient: Tensor, adv: Tensor, [low, high]: readonly [number, number], share: number): Tensor {
  // The projection on ball and bounds leaves values a rounding away from a bound, so nearly there
  // counts as there.
  const slack = 1e-4 * (high - low);
  const canMove = tf.logicalOr(
    tf.logicalAnd(tf.greater(gradient, 0), tf.less(adv, high - slack)),
    tf.logicalAnd(tf.less(gradient, 0), tf.greater(adv, low + slack)),
  );
  const usable = flatRows(tf.where(canMove, gradient, tf.zerosLike(gradient)));
  const size = tf.abs(usable) as Tensor2D;
  const count = Math.max(1, Math.round(share * rowSize(gradient)));
  const smallest = tf.slice(tf.topk(size, count).values, [0, count - 1], [-1, 1]);
  const signs = tf.mul(signOf(usable), tf.cast(tf.greaterEqual(size, smallest), 'float32'));
  const total = tf.maximum(tf.sum(tf.abs(signs), 1, true), 1);
  return tf.reshape(tf.div(signs, total), gradient.shape);
}

/**
 * The radius that steps are measured against: epsilon, or the diameter of the bounds where epsilon
 * is `Infinity`.
 */
export function reachOf({ norm, epsilon, bounds: [low, high] }: ThreatModel, x: Tensor): number {
  if (epsilon !== Infinity) return epsilon;
  const width = high - low;
  return { linf: width, l2: width * Math.sqrt(rowSize(x)), l1: width * rowSize(x), l0: rowSize(x) }[norm];
}

/** Falls from `first` at step 0 towards `last` at step `steps` along half a cosine. */
export function cosine(first: number, last: number, step: number, steps: number): number {
  return last + ((first - last) * (1 + Math.cos((Math.PI * step) / steps))) / 2;
}
