import type { Saved } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The state of a run in named parts (`weights`, `optimizer` ...), each a record of variables and numbers. */
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

/** Notes all values. Costs no copy: a variable that is assigned later takes other data. Dispose it with {@link disposeSnapshot}. */
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
