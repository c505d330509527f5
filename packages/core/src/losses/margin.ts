import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttackLoss } from '../contract/index.js';
import { withoutClass } from './class-logits.js';
import { logitOf, oneHot } from '../rows.js';
import { checkRows } from './rows-check.js';
import { withoutGradient } from './without-gradient.js';

/**
 * `max_{k != y} z_k - z_y` per row [n] of logits [n, K] and class indices [n] (int32): above 0
 * exactly where another class wins.
 *
 * Of equal rivals only the first gets a gradient. Carlini and Wagner 2017 (arXiv:1608.04644), f6
 * without its floor. The result is the caller's. @throws AdvrobError `ADVROB_LOSS` for other shapes
 * or types.
 */
export function margin(logits: Tensor, y: Tensor): Tensor {
  checkRows('margin', logits, y);
  return tf.tidy(() => tf.sub(tf.sum(tf.mul(logits, isStrongestOther(logits, y)), 1), logitOf(logits, y)));
}

/** One-hot [n, K] of the best class that is not the row's own; a constant to gradients. */
export function isStrongestOther(logits: Tensor, y: Tensor): Tensor {
  return withoutGradient(logits, (z) => oneHot(tf.argMax(withoutClass(z, y), 1), z.shape[1]!));
}

/**
 * `margin`: ascends the lead of the strongest other class over the label, or of the target over the
 * strongest other class.
 */
export const marginLoss: AttackLoss = {
  name: 'margin',
  value: (logits, { y, target }) => (target ? tf.tidy(() => tf.neg(margin(logits, target))) : margin(logits, y)),
};
