import { AdvrobError, giveWay, settle, stopIfAborted, type Classifier } from '@advrob/core';
import { margin, meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';

export interface DescentOptions {
  readonly learningRate: number;
  /**
   * Stops as soon as every example leads by more than this, min_i y_i N(x_i) for two classes.
   * Infinity: never.
   */
  readonly stopMargin: number;
  readonly maxSteps: number;
  /** lambda of lambda/2 ||w||^2 over all weights, as PyTorch's SGD has it. Default 0. */
  readonly weightDecay?: number;
  /**
   * lambda of lambda ||(W1, b1)||, not squared, over the weights whose name starts with `fc1`: the
   * official code's other regularisation. Default 0.
   */
  readonly firstLayerNorm?: number;
  /** Steps from one look at the margin to the next. Default 10. */
  readonly checkEvery?: number;
  readonly signal?: AbortSignal | undefined;
}

export type Descent = {
  readonly steps: number;
  /** Smallest lead of the right class at the end. */
  readonly margin: number;
  /** Whether the margin was reached. */
  readonly isReached: boolean;
};

/**
 * Full-batch gradient descent without momentum on mean cross-entropy, the logistic loss for two
 * classes, until a margin is reached: the training of Melamed et al. 2023
 * (https://arxiv.org/abs/2303.00783, official code). The model is trained in place; inputs stay the
 * caller's.
 *
 * @throws AdvrobError `ADVROB_TRAINING_DIVERGED` when the margin is no longer a number,
 *   `ADVROB_OPTION`, `ADVROB_ABORTED`.
 */
export async function trainToMargin(
  model: Classifier,
  x: Tensor,
  y: Tensor,
  options: DescentOptions,
): Promise<Descent> {
  const { learningRate, stopMargin, maxSteps, checkEvery = 10, signal } = options;
  if (!(learningRate > 0 && maxSteps >= 0 && Number.isInteger(checkEvery) && checkEvery > 0))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `trainToMargin: expected a positive learningRate and checkEvery, got ${learningRate} and ${checkEvery}`,
    );
  for (let steps = 0; ; steps++) {
    if (steps % checkEvery === 0 || steps >= maxSteps) {
      stopIfAborted(signal);
      const smallest = await smallestLead(model, x, y);
      if (!Number.isFinite(smallest))
        throw new AdvrobError(
          'ADVROB_TRAINING_DIVERGED',
          `trainToMargin: the margin is ${smallest} after ${steps} steps: take a smaller learning rate`,
        );
      const isReached = smallest > stopMargin;
      if (isReached || steps >= maxSteps) return { steps, margin: smallest, isReached };
      await giveWay();
    }
    descend(model, x, y, options);
    await settle(...Object.values<Tensor>(model.weights));
  }
}

async function smallestLead(model: Classifier, x: Tensor, y: Tensor): Promise<number> {
  const least = tf.tidy(() => tf.neg(tf.max(margin(model.logits(x), y))));
  try {
    return (await least.data())[0]!;
  } finally {
    least.dispose();
  }
}

/** One step. */
function descend(model: Classifier, x: Tensor, y: Tensor, options: DescentOptions): void {
  const { learningRate, weightDecay = 0, firstLayerNorm = 0 } = options;
  const weights = Object.values(model.weights);
  const firstLayer = Object.entries(model.weights).flatMap(([name, weight]) =>
    name.startsWith('fc1') ? [weight] : [],
  );
  tf.tidy(() => {
    const loss = (): tf.Scalar => {
      const fit = meanCrossEntropy(model.logits(x), y) as tf.Scalar;
      return firstLayerNorm > 0 ? tf.add(fit, tf.mul(firstLayerNorm, normOf(firstLayer))) : fit;
    };
    const { grads } = tf.variableGrads(loss, weights);
    // variableGrads names gradients by the variables' global names.
    for (const weight of weights) {
      const gradient = grads[weight.name]!;
      const whole = weightDecay > 0 ? tf.add(gradient, tf.mul(weight, weightDecay)) : gradient;
      weight.assign(tf.sub(weight, tf.mul(whole, learningRate)));
    }
  });
}

function normOf(weights: readonly Variable[]): Tensor {
  return tf.sqrt(tf.addN(weights.map((weight) => tf.sum(tf.square(weight)))));
}
