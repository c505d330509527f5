import type { Classifier, Saved } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';

/** Zeros like each weight, under `kind/weight`. */
export function zerosLikeWeights(model: Classifier, kind: string): Record<string, tf.Variable> {
  return Object.fromEntries(
    Object.entries(model.weights).map(([name, weight]) => [
      `${kind}/${name}`,
      tf.tidy(() => tf.variable(tf.zeros(weight.shape), false)),
    ]),
  );
}

/** Frees the variables of an optimizer's state. */
export function disposeState(state: Saved): void {
  for (const value of Object.values(state)) if (typeof value !== 'number') value.dispose();
}
