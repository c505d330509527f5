import { AdvrobError } from '@advrob/core';
import { binomialTest } from '@advrob/core/statistics';

/** Two models on the same examples. */
export interface PairedTest {
  /** Examples that only the first got right. */
  readonly onlyFirst: number;
  /** Examples that only the second got right. */
  readonly onlySecond: number;
  /** Two-sided: how likely a split at least this uneven is if both were equally good. */
  readonly pValue: number;
}

/**
 * McNemar's exact test: whether two models differ, from the examples on which they disagree.
 * McNemar 1947, "Note on the sampling error of the difference between correlated proportions",
 * Psychometrika 12(2); with the binomial distribution in place of chi-square.
 *
 * @param first - Per example whether the first model was right (or robust); `second` in one order.
 * @throws AdvrobError `ADVROB_SHAPE` when the lengths differ.
 */
export function mcNemar(first: ArrayLike<boolean | number>, second: ArrayLike<boolean | number>): PairedTest {
  checkPaired(first, second);
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let i = 0; i < first.length; i++) {
    if (first[i] && !second[i]) onlyFirst++;
    if (!first[i] && second[i]) onlySecond++;
  }
  return { onlyFirst, onlySecond, pValue: binomialTest(onlyFirst, onlySecond) };
}

/** @throws AdvrobError `ADVROB_SHAPE` when the lengths differ. */
export function checkPaired(first: ArrayLike<unknown>, second: ArrayLike<unknown>): void {
  if (first.length !== second.length)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `expected the same examples for both models, got ${first.length} and ${second.length}`,
    );
}
