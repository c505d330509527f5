import type { Classifier, Dataset, Extras } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { recalibrate } from '../weights/recalibrate.js';

/** Weights and buffers of a model by their names. */
export function weightsAndBuffers(model: Classifier): Map<string, Variable> {
  return new Map([...Object.entries(model.weights), ...Object.entries(model.buffers ?? {})]);
}

/** The present values; the tensors are the caller's. */
export function copyValues(model: Classifier): Map<string, Tensor> {
  return new Map([...weightsAndBuffers(model)].map(([name, variable]) => [name, tf.clone(variable as Tensor)]));
}

export function assignValues(model: Classifier, values: ReadonlyMap<string, Tensor>): void {
  for (const [name, variable] of weightsAndBuffers(model)) variable.assign(values.get(name)!);
}

/** Gives the model averaged weights, and buffers that fit to them. */
export async function assignAveraged<E extends Extras>(
  model: Classifier,
  averaged: Readonly<Record<string, Variable>>,
  data: Dataset<E>,
  options: { readonly batchSize: number; readonly seed: number },
): Promise<void> {
  for (const [name, weight] of Object.entries(model.weights)) {
    const average = averaged[name];
    if (average) weight.assign(average as Tensor);
  }
  await recalibrate(model, data, options);
}

/** Awaits `body` and gives the model its values back. */
export async function keepingValues<T>(model: Classifier, body: () => Promise<T>): Promise<T> {
  const values = copyValues(model);
  try {
    return await body();
  } finally {
    assignValues(model, values);
    for (const tensor of values.values()) tensor.dispose();
  }
}
