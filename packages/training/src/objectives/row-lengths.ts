import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Euclidean length of each row [n] of [n, k]. The gradient of a zero row is 0, as in PyTorch; that of `tf.norm` is NaN. The result is the caller's. */
export function rowLengths(rows: Tensor): Tensor {
  const lengths = tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [Tensor, tf.GradSaveFunc];
    save([input]);
    return {
      value: tf.sqrt(tf.sum(tf.square(input), 1)),
      gradFunc: (upstream: Tensor, saved: Tensor[]) => {
        const length = tf.sqrt(tf.sum(tf.square(saved[0]!), 1, true));
        const divisor = tf.where(tf.greater(length, 0), length, tf.onesLike(length));
        return tf.mul(tf.expandDims(upstream, 1), tf.div(saved[0]!, divisor));
      },
    };
  });
  return lengths(rows);
}
