import { rowOf, type LogitMatrix } from '../logit-matrix.js';

/** A copy of the logits in which `change` has rewritten every row in place. */
export function eachRow(logits: LogitMatrix, change: (row: Float32Array, index: number) => void): Float32Array {
  const copy = { ...logits, values: logits.values.slice() };
  for (let index = 0; index < copy.rows; index++) change(rowOf(copy, index), index);
  return copy.values;
}

/** Mean of the values at some places, in float64. */
export function meanAt(values: ArrayLike<number>, places: readonly number[]): number {
  return places.reduce((sum, place) => sum + values[place]!, 0) / places.length;
}
