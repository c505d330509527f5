import type { LogitMatrix } from '../logit-matrix.js';
import { rowOf } from '../logit-matrix.js';

/** What a manipulation starts from. */
export interface Teachers {
  /** Logits of the robust teacher: what a student would learn unmanipulated. */
  readonly robust: LogitMatrix;
  /** Logits of a standard model on the same examples, for M9 and M10. */
  readonly standard?: LogitMatrix | undefined;
  /** Of the permutations. */
  readonly seed: number;
}

/** One entry of the catalogue. */
export interface Manipulation {
  readonly id: string;
  /** What happens to the logits, in a phrase. */
  readonly summary: string;
  /**
   * Whether every example keeps its max logit and its logit gap, so that only information about the
   * other classes is changed.
   */
  readonly isGapSafe: boolean;
  /** With fewer classes it changes nothing. */
  readonly minClasses: number;
  /** Whether it needs a standard model. */
  readonly needsStandard: boolean;
  /** New values [rows * classes]. */
  apply(teachers: Teachers): Float32Array;
}

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
