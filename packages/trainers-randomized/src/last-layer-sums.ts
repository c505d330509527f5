import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';

/**
 * Row sums of the gradient of the mean cross-entropy with respect to the matrix W of a last layer `logits = W h + b`, without autodiff:
 *
 *     s_c = sum_j dCE/dW_cj = mean_n (p_nc - 1[y_n = c]) * sum_j h_nj
 *
 * Jin et al. 2023 sum these gradients over the features to get one number for each class.
 *
 * @param logits [n, C].
 * @param features Input of the last layer, [n, h].
 * @param y Labels [n], int32.
 * @returns [C], the caller's.
 */
export function lastLayerSums(logits: Tensor, features: Tensor, y: Tensor): Tensor1D {
  return tf.tidy(() => {
    const labels = tf.cast(tf.oneHot(y as Tensor1D, logits.shape[1]!), 'float32');
    const errors = tf.sub(tf.softmax(logits as Tensor2D), labels);
    return tf.mean(tf.mul(errors, tf.sum(features, 1, true)), 0) as Tensor1D;
  });
}
