import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The logit of each row's class: [n] from logits [n, K] and classes [n] (int32). */
export function logitOf(logits: Tensor, classes: Tensor): Tensor {
  const isClass = tf.cast(tf.oneHot(classes as tf.Tensor1D, logits.shape[1]!), 'float32');
  return tf.sum(tf.mul(logits, isClass), 1);
}
