import type { Classifier } from '@advrob/core';
import { margin } from '@advrob/core/losses';
import { dualLengths, unit } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { projectAway, projectOnto } from '@advrob/datasets';
import type { Subspace } from '@advrob/datasets';

/** At each example; all tensors are the caller's. */
export interface OrthogonalGradient {
  /** Predicted classes [n], int32. */
  readonly prediction: Tensor;
  /** Lead of the predicted class over the next one, |N(x)| for two classes, [n]. */
  readonly lead: Tensor;
  /**
   * [n, ...inputShape]: direction of unit length in M along which the lead falls fastest, -sign(N)
   * grad^M N / ||grad^M N||; 0 where the gradient is.
   */
  readonly direction: Tensor;
  /** ||grad^M|| of the lead, [n]. */
  readonly orthogonal: Tensor;
  /** ||grad^P|| of the lead, [n]. */
  readonly along: Tensor;
}

/**
 * How the decision of a classifier changes off the subspace that its data lie on: the gradient of
 * the lead of the predicted class, split into its parts along P and in the orthogonal complement M
 * (Melamed et al. 2023, https://arxiv.org/abs/2303.00783). In `eval` mode. Inputs stay the
 * caller's.
 */
export function orthogonalGradient(model: Classifier, subspace: Subspace, x: Tensor): OrthogonalGradient {
  return tf.tidy(() => {
    const logits = model.logits(x);
    const prediction = tf.argMax(logits, 1);
    const loss = (points: Tensor): Tensor => margin(model.logits(points), prediction);
    const gradient = tf.grad((points: Tensor) => tf.sum(loss(points)))(x);
    const away = projectAway(subspace, gradient);
    return {
      prediction,
      lead: tf.neg(margin(logits, prediction)),
      direction: unit('l2', away),
      orthogonal: dualLengths('l2', away),
      along: dualLengths('l2', projectOnto(subspace, gradient)),
    } as unknown as tf.TensorContainer;
  }) as unknown as OrthogonalGradient;
}

/**
 * One direction in M for a whole class: the mean over its examples of the gradient of its margin,
 * projected on M, of unit length. Works on any classifier. For the theory's network, in which about
 * the same share of neurons is active at every example, it comes near to z = -y0 sum_j u_j w_j^M.
 *
 * @param x Examples [n, ...inputShape] that the model takes for class `label`; they stay the
 *   caller's.
 * @returns [1, ...inputShape], the caller's.
 */
export function universalDirection(model: Classifier, subspace: Subspace, x: Tensor, label: number): Tensor {
  return tf.tidy(() => {
    const labels = tf.fill([x.shape[0]!], label, 'int32');
    const gradient = tf.grad((points: Tensor) => tf.sum(margin(model.logits(points), labels)))(x);
    const mean = projectAway(subspace, tf.mean(gradient, 0, true));
    return unit('l2', mean);
  });
}
