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
 * 1979, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7(1). Where the
 * examples differ in few ways, as verdicts do, how often each way is drawn is drawn at once.
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
  const counts = new Map<number, number>();
  for (const value of differences) counts.set(value, (counts.get(value) ?? 0) + 1);
  const means =
    counts.size <= mostCounted ? meansOfCounts(counts, n, resamples, seed) : meansOfRows(differences, resamples, seed);
  means.sort();
  const tail = (1 - confidence) / 2;
  return {
    difference: differences.reduce((sum, value) => sum + value, 0) / n,
    interval: [quantile(means, tail), quantile(means, 1 - tail)],
  };
}

/** With more different values than this, examples are drawn one by one. */
const mostCounted = 8;

function meansOfRows(differences: Float64Array, resamples: number, seed: number): Float64Array {
  const n = differences.length;
  return Float64Array.from({ length: resamples }, (_, resample) => {
    let sum = 0;
    for (const i of integers(seed, 'bootstrap', n, 0, n, resample)) sum += differences[i]!;
    return sum / n;
  });
}

/**
 * How often each value is among `n` draws is multinomial: one binomial after the other, each over
 * the draws that are left. The same distribution as of drawing rows, in a time without `n` in it.
 */
function meansOfCounts(counts: ReadonlyMap<number, number>, n: number, resamples: number, seed: number): Float64Array {
  const values = [...counts.keys()];
  const sums = new Float64Array(resamples);
  const left = new Float64Array(resamples).fill(n);
  const draws = integers(seed, 'bootstrap counts', values.length * resamples, 0, 2 ** 31);
  let rest = n;
  values.forEach((value, i) => {
    const count = counts.get(value)!;
    // Those with as many draws left share a table; of a million examples all tables fill 200 MB.
    const order = Uint32Array.from(left.keys()).sort((a, b) => left[a]! - left[b]!);
    let [table, tableOf] = [binomial(0, 0), NaN];
    for (const resample of order) {
      if (left[resample] !== tableOf) {
        tableOf = left[resample]!;
        table = binomial(tableOf, count / rest);
      }
      const drawn = table.first + placeOf(table.shares, (draws[resample * values.length + i]! + 0.5) / 2 ** 31);
      sums[resample]! += value * drawn;
      left[resample]! -= drawn;
    }
    rest -= count;
  });
  return sums.map((sum) => sum / n);
}

/** Chances of at most `first`, `first + 1`, ... */
interface Cumulative {
  readonly first: number;
  readonly shares: Float64Array;
}

/**
 * The binomial distribution from its mode outwards, as far as float64 tells its chances from 0:
 * P(k + 1) / P(k) = (n - k) / (k + 1) p / (1 - p).
 */
function binomial(n: number, p: number): Cumulative {
  if (p >= 1 || n === 0) return { first: n, shares: Float64Array.of(1) };
  const mode = Math.floor((n + 1) * p);
  const odds = p / (1 - p);
  const below: number[] = [];
  for (let k = mode, chance = 1; k > 0; k--) {
    chance *= k / (n - k + 1) / odds;
    if (chance < 1e-20) break;
    below.push(chance);
  }
  const chances = [...below.reverse(), 1];
  for (let k = mode, chance = 1; k < n; k++) {
    chance *= ((n - k) / (k + 1)) * odds;
    if (chance < 1e-20) break;
    chances.push(chance);
  }
  const total = chances.reduce((sum, chance) => sum + chance, 0);
  let sum = 0;
  return { first: mode - below.length, shares: Float64Array.from(chances, (chance) => (sum += chance) / total) };
}

/** The first place whose share is above `draw`, which is below 1. */
function placeOf(shares: Float64Array, draw: number): number {
  let [low, high] = [0, shares.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shares[middle]! > draw) high = middle;
    else low = middle + 1;
  }
  return low;
}
