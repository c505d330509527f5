import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';

/**
 * Euclidean length of each row [n] of [n, k]. The gradient of a zero row is 0, as in PyTorch; that
 * of `tf.norm` is NaN. The result is the caller's.
 */
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

/**
 * Options of a recipe that trains with momentum SGD: `momentum`, 0.9 by default, and `weightDecay`,
 * by default that of its paper. To be spread into the recipe's option schema.
 *
 * @param weightDecay Default of the option.
 * @example
 * ```ts
 * import { sgdShape } from '@advrob/training';
 * const options = z.strictObject({ beta: z.number().default(6), ...sgdShape(2e-4) });
 * ```
 */
export function sgdShape(weightDecay: number) {
  return {
    momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of SGD'),
    weightDecay: z.number().min(0).default(weightDecay).describe('L2 penalty added to the gradient'),
  };
}
