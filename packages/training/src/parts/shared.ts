import type { Classifier, Saved } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';

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

/** A variable for each weight, with its present value. The caller frees them. */
export function copyWeights(model: Classifier): Record<string, Variable> {
  const entries = Object.entries(model.weights);
  return Object.fromEntries(entries.map(([name, weight]) => [name, tf.variable(weight as Tensor, false)]));
}

/** Gives the copies the present values. Shares the data. */
export function followWeights(copies: Readonly<Record<string, Variable>>, model: Classifier): void {
  for (const [name, copy] of Object.entries(copies)) copy.assign(model.weights[name]! as Tensor);
}

/** `average = kept * average + (1 - kept) * weight` for each weight. */
export function mixWeights(averages: Readonly<Record<string, Variable>>, model: Classifier, kept: number): void {
  tf.tidy(() => {
    for (const [name, average] of Object.entries(averages))
      average.assign(tf.add(tf.mul(average, kept), tf.mul(model.weights[name]!, 1 - kept)));
  });
}
