import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * `compute(input)` as a constant: no gradient flows back, and ops without a gradient (topk, argMax,
 * sort) may be used inside.
 *
 * `compute` runs inside `tf.tidy` and returns a new float32 tensor, which is the caller's.
 */
export function withoutGradient(input: Tensor, compute: (input: Tensor) => Tensor): Tensor {
  const constant = tf.customGrad((...args: unknown[]) => ({
    value: tf.tidy(() => compute(args[0] as Tensor)),
    gradFunc: () => tf.zeros(input.shape),
  }));
  return constant(input);
}
