import type { Classifier, Dataset, Extras, Saved } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { recalibrate } from '../weights/recalibrate.js';

/**
 * The state of a run in named parts (`weights`, `optimizer` ...), each a record of variables and
 * numbers.
 */
export type SavedParts = Readonly<Record<string, Saved>>;

/** The values of {@link SavedParts} at one moment, by `part/name`. */
export interface Snapshot {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly numbers: ReadonlyMap<string, number>;
}

/** The variables of the parts, by `part/name`. */
export function variablesOf(parts: SavedParts): Map<string, tf.Variable> {
  const found = new Map<string, tf.Variable>();
  eachEntry(parts, (key, value) => {
    if (typeof value !== 'number') found.set(key, value);
  });
  return found;
}

/**
 * Notes all values. Costs no copy: a variable that is assigned later takes other data. Dispose it
 * with {@link disposeSnapshot}.
 */
export function takeSnapshot(parts: SavedParts): Snapshot {
  const tensors = new Map<string, Tensor>();
  const numbers = new Map<string, number>();
  eachEntry(parts, (key, value) => {
    if (typeof value === 'number') numbers.set(key, value);
    else tensors.set(key, tf.clone(value as Tensor));
  });
  return { tensors, numbers };
}

/** Puts all values back. The snapshot must have the keys of the parts. */
export function restoreSnapshot(parts: SavedParts, { tensors, numbers }: Snapshot): void {
  eachEntry(parts, (key, value, part, name) => {
    if (typeof value === 'number') part[name] = numbers.get(key)!;
    else value.assign(tensors.get(key)!);
  });
}

export function disposeSnapshot(snapshot: Snapshot): void {
  for (const tensor of snapshot.tensors.values()) tensor.dispose();
}

function eachEntry(
  parts: SavedParts,
  visit: (key: string, value: tf.Variable | number, part: Saved, name: string) => void,
): void {
  for (const [partName, part] of Object.entries(parts))
    for (const [name, value] of Object.entries(part)) visit(`${partName}/${name}`, value, part, name);
}

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
