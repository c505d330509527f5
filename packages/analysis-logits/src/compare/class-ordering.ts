import { AdvrobError } from '@advrob/core';
import { checkSameShape, classOrder, rowOf } from '../logit-matrix.js';
import type { LogitMatrix } from '../logit-matrix.js';

/** How alike two models order the classes that neither puts first. */
export interface ClassOrdering {
  /** Kendall's tau-b per example; null where one model has these classes all equal. */
  readonly taus: readonly (number | null)[];
  /**
   * Share of each model's best `top` of these classes that the other has too, per example; null for
   * models with too few classes for that.
   */
  readonly overlaps: readonly number[] | null;
  /** Mean of the taus that are not null; null if all are. */
  readonly meanTau: number | null;
  readonly meanOverlap: number | null;
}

/**
 * Agreement of two models on the incorrect classes, per example (Seguin et al. 2021,
 * https://arxiv.org/abs/2108.12001: claim L3): Kendall's tau-b and the overlap of the best three
 * among the classes that neither predicts.
 *
 * @param top - Classes that the overlap looks at. Default 3.
 * @throws AdvrobError `ADVROB_SHAPE` for fewer than 4 classes, where nothing is left to order, or
 *   for other examples.
 */
export function compareOrdering(standard: LogitMatrix, robust: LogitMatrix, top = 3): ClassOrdering {
  checkSameShape(standard, robust);
  const { classes, rows } = standard;
  if (classes < 4)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `an order of the classes that neither model predicts needs at least 4 classes, got ${classes}: leave the ordering out`,
    );
  const taus: (number | null)[] = [];
  const overlaps: number[] = [];
  for (let row = 0; row < rows; row++) {
    const [first, second] = [rowOf(standard, row), rowOf(robust, row)];
    const orders = [classOrder(first), classOrder(second)] as const;
    const best = new Set([orders[0][0], orders[1][0]]);
    const left = orders.map((order) => order.filter((k) => !best.has(k))) as [number[], number[]];
    taus.push(
      kendallTau(
        left[0].map((k) => first[k]!),
        left[0].map((k) => second[k]!),
      ),
    );
    const others = new Set(left[1].slice(0, top));
    overlaps.push(left[0].slice(0, top).filter((k) => others.has(k)).length / top);
  }
  // Where at most `top` classes are left, every overlap is full.
  const hasOverlap = classes - 2 > top;
  return {
    taus,
    overlaps: hasOverlap ? overlaps : null,
    meanTau: meanOrNull(taus.filter((tau) => tau !== null)),
    meanOverlap: hasOverlap ? meanOrNull(overlaps) : null,
  };
}

function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Kendall's tau-b of two short lists: concordant minus discordant pairs over the geometric mean of
 * the pairs that are untied in each (Kendall 1945, "The treatment of ties in ranking problems").
 * Null when one list is constant or has a single entry.
 */
export function kendallTau(first: ArrayLike<number>, second: ArrayLike<number>): number | null {
  let [sum, untiedFirst, untiedSecond] = [0, 0, 0];
  for (let i = 0; i < first.length; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [Math.sign(first[i]! - first[j]!), Math.sign(second[i]! - second[j]!)];
      sum += a * b;
      untiedFirst += Math.abs(a);
      untiedSecond += Math.abs(b);
    }
  return untiedFirst > 0 && untiedSecond > 0 ? sum / Math.sqrt(untiedFirst * untiedSecond) : null;
}
