import * as tf from '@tensorflow/tfjs-core';
import type { Classifier } from '../contract/index.js';

/**
 * `logits = flatten(x) W + b`: the model on which the optimum of every attack is known exactly.
 * `weights` [d, K] row-major by input, `bias` [K].
 *
 * @example
 * ```ts
 * import { linearClassifier } from '@advrob/core/testing';
 * const model = linearClassifier({ weights: [[1, -1], [2, -2]], bias: [0, 0] });
 * ```
 */
export function linearClassifier(options: {
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
  readonly inputShape?: readonly number[];
  readonly bounds?: readonly [number, number];
}): Classifier & { dispose(): void } {
  const size = options.weights.length;
  const numClasses = options.bias.length;
  const weight = tf.tidy(() =>
    tf.variable(
      tf.tensor2d(
        options.weights.map((row) => [...row]),
        [size, numClasses],
      ),
    ),
  );
  const bias = tf.tidy(() => tf.variable(tf.tensor1d([...options.bias])));
  return {
    inputShape: options.inputShape ?? [size],
    numClasses,
    bounds: options.bounds ?? [0, 1],
    weights: { weight, bias },
    logits: (x) =>
      tf.tidy(() =>
        tf.add(tf.matMul(tf.reshape(x, [-1, size]) as tf.Tensor2D, weight as unknown as tf.Tensor2D), bias),
      ),
    dispose() {
      weight.dispose();
      bias.dispose();
    },
  };
}
