import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * How much the difference of logits has to change to cross a boundary, [n], from the lead of the class beyond [n] and the logits [n, K]: the size of
 * the lead and a millionth of the largest logit, as much as float32 leaves uncertain. Without it a point right before the boundary would not move.
 */
export function leadToLose(lead: Tensor, logits: Tensor): Tensor {
  return tf.add(tf.abs(lead), tf.mul(tf.max(tf.abs(logits), 1), 1e-6));
}
