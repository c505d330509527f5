import { AdvrobError } from '@advrob/core';
import { integers } from '@advrob/core/random';
import { checkPaired } from './mcnemar.js';
import { quantile } from './quantile.js';

/** Difference of two means over the same examples. */
export interface PairedDifference {
  /** Mean of the first minus mean of the second. */
  readonly difference: number;
  /** Percentile interval. */
  readonly interval: readonly [low: number, high: number];
}

export interface BootstrapOptions {
  /** Default 10,000. */
  readonly resamples?: number | undefined;
  /** In (0, 1). Default 0.95. */
  readonly confidence?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
}

/**
 * Percentile interval of the difference of two means, by drawing examples with replacement. Efron
 * 1979, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7(1).
 *
 * @param first - One number (or boolean) per example; `second` has the same examples in the same
 *   order.
 * @throws AdvrobError `ADVROB_SHAPE` when the lengths differ or are 0, `ADVROB_OPTION`.
 */
export function pairedBootstrap(
  first: ArrayLike<boolean | number>,
  second: ArrayLike<boolean | number>,
  { resamples = 10_000, confidence = 0.95, seed = 0 }: BootstrapOptions = {},
): PairedDifference {
  checkPaired(first, second);
  if (first.length === 0) throw new AdvrobError('ADVROB_SHAPE', 'expected at least one example, got none');
  if (!Number.isInteger(resamples) || resamples < 1)
    throw new AdvrobError('ADVROB_OPTION', `resamples: expected a whole number of at least 1, got ${resamples}`);
  if (!(confidence > 0 && confidence < 1))
    throw new AdvrobError('ADVROB_OPTION', `confidence: expected a number in (0, 1), got ${confidence}`);
  const n = first.length;
  const differences = Float64Array.from({ length: n }, (_, i) => Number(first[i]) - Number(second[i]));
  const means = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0;
    for (const i of integers(seed, 'bootstrap', n, 0, n, resample)) sum += differences[i]!;
    means[resample] = sum / n;
  }
  means.sort();
  const tail = (1 - confidence) / 2;
  return {
    difference: differences.reduce((sum, value) => sum + value, 0) / n,
    interval: [quantile(means, tail), quantile(means, 1 - tail)],
  };
}
