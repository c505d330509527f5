import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * A random direction for one weight tensor, normalised filter by filter (Li et al. 2018, https://arxiv.org/abs/1712.09913): each slice along the last axis,
 * i.e. what makes one output unit, is `length` times as long as that slice of the weight. Undefined for biases and batch norm, which stay.
 *
 * @param draw Gives standard normal values.
 */
export function filterNormalized(
  weight: Tensor,
  length: number,
  draw: (shape: readonly number[]) => Tensor,
): Tensor | undefined {
  if (weight.rank < 2) return undefined;
  const direction = draw(weight.shape);
  const axes = Array.from({ length: weight.rank - 1 }, (_, axis) => axis);
  const norm = (tensor: Tensor): Tensor => tf.sqrt(tf.sum(tf.square(tensor), axes, true));
  return tf.mul(direction, tf.div(tf.mul(norm(weight), length), tf.add(norm(direction), 1e-20)));
}
