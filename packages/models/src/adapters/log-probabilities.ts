import * as tf from '@tensorflow/tfjs-core';

/** Smallest probability whose logarithm is taken: float32 probabilities underflow to 0, whose logarithm and gradient would not be finite. */
const smallest = 1e-37;

/**
 * log p: logits up to a constant for each row, so that softmax, cross-entropy, margins and DLR come out as with the logits themselves. Where p has
 * underflowed to 0 the information is gone, and the gradient is 0.
 */
export function logProbabilities(probabilities: tf.Tensor): tf.Tensor {
  return tf.log(tf.maximum(probabilities, smallest));
}
