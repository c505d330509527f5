import type { Random } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Draws the initial value of a parameter. `purpose` is its name, so that every parameter has a
 * random stream of its own. The result is the caller's.
 */
export type Initializer = (random: Random, purpose: string, shape: readonly number[]) => tf.Tensor;

/** Every entry the same. */
export function constant(value: number): Initializer {
  return (_random, _purpose, shape) => tf.fill([...shape], value);
}

/**
 * PyTorch's default for weights and biases of linear and convolution layers: uniform in
 * [-1/sqrt(fanIn), 1/sqrt(fanIn)) (`kaiming_uniform_` with a = sqrt(5)).
 */
export function fanInUniform(fanIn: number): Initializer {
  const bound = 1 / Math.sqrt(fanIn);
  return (random, purpose, shape) => random.uniform(purpose, shape, -bound, bound);
}

/** Normal with mean 0. */
export function normal(standardDeviation: number): Initializer {
  return (random, purpose, shape) => tf.tidy(() => tf.mul(random.normal(purpose, shape), standardDeviation));
}

/**
 * PyTorch's `kaiming_normal_` for ReLU: normal with standard deviation sqrt(2 / fanIn) (He et al.
 * 2015, https://arxiv.org/abs/1502.01852, eq. 10).
 */
export function kaimingNormal(fanIn: number): Initializer {
  return normal(Math.sqrt(2 / fanIn));
}

/** +magnitude or -magnitude, each with probability 1/2. */
export function randomSigns(magnitude: number): Initializer {
  return (random, purpose, shape) =>
    tf.tidy(() => {
      const positive = tf.greaterEqual(random.uniform(purpose, shape, -1, 1), 0);
      return tf.mul(tf.sub(tf.mul(tf.cast(positive, 'float32'), 2), 1), magnitude);
    });
}

/** Another initializer's draw times a factor. */
export function scaled(initializer: Initializer, factor: number): Initializer {
  return (random, purpose, shape) => tf.tidy(() => tf.mul(initializer(random, purpose, shape), factor));
}
