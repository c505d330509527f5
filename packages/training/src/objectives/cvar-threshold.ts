import { withoutGradient } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Weights [n, M] with which the losses [n, M] of each row add up to their conditional value at risk: 1 / (beta M) for the largest beta M losses, a
 * part of it for the last when beta M is not whole, 0 for the others. A constant: by the envelope theorem the gradient goes through the losses alone.
 */
export function worstShare(losses: Tensor, beta: number): Tensor {
  const samples = losses.shape[1]!;
  const share = beta * samples;
  // A product such as 0.07 * 100 is a little above the whole number that is meant.
  const count = Math.max(1, Math.ceil(share - 1e-9));
  const weights = Array.from({ length: count }, (_, rank) =>
    rank < count - 1 ? 1 / share : 1 - (count - 1) / Math.max(share, 1),
  );
  return withoutGradient(losses, (values) => {
    const { indices } = tf.topk(values, count);
    const place = tf.cast(tf.oneHot(indices as tf.Tensor1D, samples), 'float32');
    return tf.sum(tf.mul(place, tf.reshape(tf.tensor1d(weights), [1, count, 1])), 1);
  });
}

/** One step of gradient descent on `t + 1 / (beta M) * sum_m relu(CE_m - t)` for each row: [n]. */
export function descendThreshold(t: Tensor, losses: Tensor, beta: number, stepSize: number): Tensor {
  const above = tf.mean(tf.cast(tf.greater(losses, tf.expandDims(t, 1)), 'float32'), 1);
  return tf.sub(t, tf.mul(stepSize, tf.sub(1, tf.div(above, beta))));
}
