import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttackLoss } from '../contract/index.js';
import { logitOf, oneHot } from '../rows.js';
import { isStrongestOther } from './margin.js';
import { checkRows } from './rows-check.js';
import { withoutGradient } from './without-gradient.js';

/** AutoAttack's floor of the denominators. */
const floor = 1e-12;

/**
 * Difference of logits ratio `-(z_y - max_{k != y} z_k) / (z_(1) - z_(3) + 1e-12)` per row [n],
 * where `z_(k)` is the k-th largest logit; for logits [n, K] with K >= 3 and class indices [n]
 * (int32). In [-1, 0] where the label leads, above 0 elsewhere; the same for scaled logits.
 *
 * Where the label itself is third the value is exactly 1 and the gradient 0. Croce and Hein 2020
 * (arXiv:2003.01690), equation 6. The result is the caller's. @throws AdvrobError `ADVROB_LOSS` for
 * fewer than three classes, other shapes or types.
 */
export function dlr(logits: Tensor, y: Tensor): Tensor {
  checkRows('dlr', logits, y, 3);
  return tf.tidy(() => {
    const best = tf.sum(tf.mul(logits, isStrongestOther(logits, y)), 1);
    return tf.div(tf.sub(best, logitOf(logits, y)), spread(logits, [1, 0, -1]));
  });
}

/**
 * Targeted difference of logits ratio `-(z_y - z_t) / (z_(1) - (z_(3) + z_(4)) / 2 + 1e-12)` per
 * row [n], for logits [n, K] with K >= 4, class indices `y` and `target` [n] (int32). Croce and
 * Hein 2020 (arXiv:2003.01690), equation 7.
 *
 * The result is the caller's. @throws AdvrobError `ADVROB_LOSS` for fewer than four classes, other
 * shapes or types.
 */
export function targetedDlr(logits: Tensor, y: Tensor, target: Tensor): Tensor {
  checkRows('targeted dlr', logits, y, 4);
  checkRows('targeted dlr', logits, target, 4);
  return tf.tidy(() => tf.div(tf.sub(logitOf(logits, target), logitOf(logits, y)), spread(logits, [1, 0, -0.5, -0.5])));
}

/**
 * `sum_k weights[k] * z_(k+1) + 1e-12`: the sorted logits, weighted. Sorting has no gradient, so
 * the places are found first, as constants.
 */
function spread(logits: Tensor, weights: readonly number[]): Tensor {
  const weightOfClass = withoutGradient(logits, (z) => {
    const order = tf.unstack(tf.topk(z, weights.length).indices, 1);
    return tf.addN(order.map((place, rank) => tf.mul(oneHot(place, z.shape[1]!), weights[rank]!)));
  });
  return tf.add(tf.sum(tf.mul(logits, weightOfClass), 1), floor);
}

/** `dlr`: AutoAttack's loss; with a target its targeted form, which still needs the label. */
export const dlrLoss: AttackLoss = {
  name: 'dlr',
  value: (logits, { y, target }) => (target ? targetedDlr(logits, y, target) : dlr(logits, y)),
};
