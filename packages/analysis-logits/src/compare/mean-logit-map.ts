import { rowOf, topTwo } from '../logit-matrix.js';
import type { LogitMatrix } from '../logit-matrix.js';

/** Mean logit vector of the examples of each predicted class. */
export type MeanLogitMap = {
  /**
   * Row k: mean logits [C] of the examples predicted as k; null where there are none. Entry [k][k]
   * is the mean max logit.
   */
  readonly means: readonly (readonly number[] | null)[];
  /** Examples predicted as each class. */
  readonly counts: readonly number[];
};

/**
 * What the logits of the other classes are on average when a class is predicted: the C x C heat map
 * of its off-diagonal entries shows the mean non-max logits.
 */
export function meanLogitMap(logits: LogitMatrix): MeanLogitMap {
  const { rows, classes } = logits;
  const sums = Array.from({ length: classes }, () => new Float64Array(classes));
  const counts = Array.from({ length: classes }, () => 0);
  for (let row = 0; row < rows; row++) {
    const values = rowOf(logits, row);
    const [predicted] = topTwo(values);
    counts[predicted]!++;
    for (let k = 0; k < classes; k++) sums[predicted]![k]! += values[k]!;
  }
  const means = sums.map((sum, k) => (counts[k]! > 0 ? Array.from(sum, (value) => value / counts[k]!) : null));
  return { means, counts };
}
