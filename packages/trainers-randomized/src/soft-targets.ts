import { oneHot, overLargest } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';

/** Below this share of the largest gap a sum counts as nothing to share out. */
const nothing = 1e-12;

/**
 * One soft label for each true class, from a gap between two class-wise statistics: row i gives
 * `1 - spread` to class i and shares `spread` among the other classes in proportion to their gap
 * above the smallest one. Where there is nothing to share, i.e. for equal gaps or when only class i
 * has any, the other classes get equal parts.
 *
 * @param gap [C].
 * @param spread Mass of the classes beside the true one, 0 to 1.
 * @returns [C, C], rows sum to 1; the caller's.
 */
export function softTargets(gap: Tensor1D, spread: number): Tensor2D {
  return tf.tidy(() => {
    const [classes] = gap.shape;
    // By the largest: the gaps of confident networks are small, and their squares far smaller.
    const above = overLargest(tf.reshape(tf.sub(gap, tf.min(gap)), [1, classes]));
    const shares = tf.div(above, tf.maximum(tf.sum(above), nothing));
    const own = tf.eye(classes);
    const others = tf.sub(1, own);
    const rows = tf.mul(shares, others);
    const sums = tf.sum(rows, 1, true);
    const isEmpty = tf.cast(tf.lessEqual(sums, nothing), 'float32');
    const filled = tf.add(rows, tf.mul(isEmpty, others));
    const scaled = tf.mul(tf.div(filled, tf.sum(filled, 1, true)), spread);
    return tf.add(scaled, tf.mul(own, 1 - spread)) as Tensor2D;
  });
}

/**
 * Mean over the batch of `KL(q || softmax(logits)) = sum_k q_k (log q_k - log p_k)` with 0 log 0 =
 * 0: a scalar.
 *
 * @param targets Probabilities q, [n, C]; no gradient flows to them.
 * @param logits [n, C].
 */
export function divergenceFrom(targets: Tensor, logits: Tensor): Tensor {
  return tf.tidy(() => {
    const isPositive = tf.greater(targets, 0);
    const logarithm = tf.log(tf.where(isPositive, targets, tf.onesLike(targets)));
    const rows = tf.sum(tf.mul(targets, tf.sub(logarithm, tf.logSoftmax(logits as Tensor2D))), 1);
    return tf.mean(rows);
  });
}

/**
 * Row sums `s_c = sum_j dCE/dW_cj = mean_n (p_nc - 1[y_n = c]) * sum_j h_nj` of the gradient of the
 * mean cross-entropy in the matrix W of a last layer `logits = W h + b`, without autodiff. Jin et
 * al. 2023 sum these gradients over the features to get one number for each class.
 *
 * @param logits [n, C].
 * @param features Input of the last layer, [n, h].
 * @param y Labels [n], int32.
 * @returns [C], the caller's.
 */
export function lastLayerSums(logits: Tensor, features: Tensor, y: Tensor): Tensor1D {
  return tf.tidy(() => {
    const labels = oneHot(y, logits.shape[1]!);
    const others = tf.mul(tf.softmax(logits as Tensor2D), tf.sub(1, labels));
    // 1 - p_y as the sum of the others: p_y rounds to 1 for confident rows.
    const errors = tf.sub(others, tf.mul(labels, tf.sum(others, 1, true)));
    return tf.mean(tf.mul(errors, tf.sum(features, 1, true)), 0) as Tensor1D;
  });
}
