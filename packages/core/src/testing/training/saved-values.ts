import type { Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Saved } from '../../contract/index.js';

/** The values of a state, as a checkpoint holds them. */
export type SavedValues = Readonly<Record<string, number | Float32Array>>;

export async function saveValues(state: Saved): Promise<SavedValues> {
  const values: Record<string, number | Float32Array> = {};
  for (const [key, value] of Object.entries(state))
    values[key] = typeof value === 'number' ? value : Float32Array.from(await value.data());
  return values;
}

export function restoreValues(state: Saved, values: SavedValues): void {
  for (const [key, value] of Object.entries(state)) {
    const saved = values[key]!;
    if (typeof value === 'number') state[key] = saved as number;
    else assign(value, saved as Float32Array);
  }
}

function assign(variable: Variable, values: Float32Array): void {
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape, variable.dtype)));
}

/** Equal to the last bit. */
export function areEqual(a: SavedValues, b: SavedValues): boolean {
  const text = (values: SavedValues): string =>
    JSON.stringify(Object.entries(values).map(([key, value]) => [key, typeof value === 'number' ? value : [...value]]));
  return text(a) === text(b);
}
