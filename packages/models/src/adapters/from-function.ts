import type { Classifier, ForwardOptions } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkInput } from '../checks/check-input.js';
import { binaryLogits, logProbabilities, probabilitiesError, runModel, sampleOutputs } from '../checks/outputs.js';

export interface FromFunctionOptions {
  /** Shape of one input, without the batch axis. */
  readonly inputShape: readonly number[];
  /** Smallest and largest legal input value. */
  readonly bounds: readonly [number, number];
  /**
   * What the function returns. `probabilities` are turned into logits by their logarithm. A single
   * column [n, 1] is that of class 1 of two, which must be said. Default `logits`.
   */
  readonly outputs?: 'logits' | 'probabilities' | undefined;
  /** Trainable weights by stable names, for training and saving. Default none. */
  readonly weights?: Readonly<Record<string, tf.Variable>> | undefined;
  /** Saved but never trained. Default none. */
  readonly buffers?: Readonly<Record<string, tf.Variable>> | undefined;
}

/**
 * Turns a function from inputs [n, ...inputShape] to scores [n, numClasses] into a classifier. The
 * function is run once to learn the number of classes and to see whether it gives probabilities.
 * What it allocates inside is freed; the weights stay the caller's.
 *
 * @throws AdvrobError `ADVROB_PROBABILITIES` when it gives probabilities that were not announced,
 *   `ADVROB_MODEL` when the function fails or gives no tensor, `ADVROB_SHAPE`,
 *   `ADVROB_NOT_FINITE`.
 * @example
 * ```ts
 * const kernel = tf.variable(tf.randomNormal([784, 10]));
 * const about = { inputShape: [28, 28, 1], bounds: [0, 1], weights: { kernel } } as const;
 * const model = await fromFunction((x) => tf.matMul(tf.reshape(x, [-1, 784]), kernel), about);
 * ```
 */
export async function fromFunction(
  forward: (x: tf.Tensor, how: ForwardOptions) => tf.Tensor,
  options: FromFunctionOptions,
): Promise<Classifier> {
  const { inputShape, bounds, outputs = 'logits', weights = {}, buffers } = options;
  const isBinary = options.outputs === 'logits';
  const who = 'fromFunction';
  const scoresOf = (x: tf.Tensor, how: ForwardOptions): tf.Tensor => {
    const scores = runModel(who, () => forward(x, how));
    return outputs === 'probabilities'
      ? logProbabilities(scores)
      : isBinary && scores.shape[1] === 1
        ? binaryLogits(scores)
        : scores;
  };
  const sample = await sampleOutputs(who, options, (x) => scoresOf(x, {}));
  if (outputs === 'logits' && sample.areProbabilities)
    throw probabilitiesError(who, 'the function returned rows that are not negative and sum to 1');
  return {
    inputShape,
    numClasses: sample.numClasses,
    bounds,
    weights,
    ...(buffers === undefined ? {} : { buffers }),
    logits(x, how = {}) {
      checkInput(who, inputShape, x);
      // The clone is for functions that return their input or a tensor they keep: the result must
      // be the caller's alone.
      return tf.tidy(() => tf.clone(scoresOf(x, how)));
    },
  };
}
