import type { Classifier } from '@advrob/core';
import { margin } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { projectAway, type Subspace } from '@advrob/datasets';

/**
 * One direction in M for a whole class: the mean over its examples of the gradient of its margin, projected on M, of unit length. Works on any classifier. For the
 * theory's network, in which about the same share of neurons is active at every example, it comes near to z = -y0 sum_j u_j w_j^M.
 *
 * @param x Examples [n, ...inputShape] that the model takes for class `label`; they stay the caller's.
 * @returns [1, ...inputShape], the caller's.
 */
export function universalDirection(model: Classifier, subspace: Subspace, x: Tensor, label: number): Tensor {
  return tf.tidy(() => {
    const labels = tf.fill([x.shape[0]!], label, 'int32');
    const gradient = tf.grad((points: Tensor) => tf.sum(margin(model.logits(points), labels)))(x);
    const mean = projectAway(subspace, tf.mean(gradient, 0, true));
    return tf.div(mean, tf.maximum(tf.norm(mean), 1e-30));
  });
}
