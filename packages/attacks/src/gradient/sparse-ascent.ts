import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { flatRows, rowSize } from '../tensors/rows.js';

/**
 * A direction of unit L1 norm per row: the signs at the `share` of coordinates (at least one) with the largest `|g|`, ties included. Coordinates
 * that stand at the bound they would have to cross are left out, or they would use up the step (Tramèr and Boneh 2019, *Adversarial Training and
 * Robustness for Multiple Perturbations*, https://arxiv.org/abs/1904.13000, section 3.2). Rows without a gradient stay zero.
 */
export function sparseAscent(
  gradient: Tensor,
  adv: Tensor,
  [low, high]: readonly [number, number],
  share: number,
): Tensor {
  // The projection on ball and bounds leaves values a rounding away from a bound, so nearly there counts as there.
  const slack = 1e-4 * (high - low);
  const canMove = tf.logicalOr(
    tf.logicalAnd(tf.greater(gradient, 0), tf.less(adv, high - slack)),
    tf.logicalAnd(tf.less(gradient, 0), tf.greater(adv, low + slack)),
  );
  const usable = flatRows(tf.where(canMove, gradient, tf.zerosLike(gradient)));
  const size = tf.abs(usable) as Tensor2D;
  const count = Math.max(1, Math.round(share * rowSize(gradient)));
  const smallest = tf.slice(tf.topk(size, count).values, [0, count - 1], [-1, 1]);
  const signs = tf.mul(tf.sign(usable), tf.cast(tf.greaterEqual(size, smallest), 'float32'));
  const total = tf.maximum(tf.sum(tf.abs(signs), 1, true), 1);
  return tf.reshape(tf.div(signs, total), gradient.shape);
}
