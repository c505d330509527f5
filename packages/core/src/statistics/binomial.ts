import { AdvrobError } from '../errors.js';
import { betaQuantile, logIncompleteBeta } from './incomplete-beta.js';

/**
 * Exact one-sided confidence bounds of a probability of which `count` of `total` draws were hits:
 * each of the two is wrong with a probability of at most `alpha`. (A two-sided interval at level
 * 1 - alpha takes `alpha / 2`.)
 *
 * Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the
 * binomial", Biometrika 26(4).
 *
 * @throws AdvrobError `ADVROB_OPTION` for counts or an `alpha` out of range.
 * @example
 * ```ts
 * import { clopperPearson } from '@advrob/core/statistics';
 * clopperPearson(990, 1000, 0.001); // { lower: 0.97604, upper: 0.99703 }
 * ```
 */
export function clopperPearson(count: number, total: number, alpha: number): { lower: number; upper: number } {
  checkCounts(count, total);
  checkLevel('alpha', alpha);
  return {
    lower: count === 0 ? 0 : betaQuantile(alpha, count, total - count + 1),
    upper: count === total ? 1 : 1 - betaQuantile(alpha, total - count, count + 1),
  };
}

/**
 * p-value of the exact two-sided test that a coin which fell `a` times on one side and `b` times on
 * the other is fair; 1 without any throw.
 *
 * @throws AdvrobError `ADVROB_OPTION` for what are no counts.
 */
export function binomialTest(a: number, b: number): number {
  const total = a + b;
  checkCounts(a, total);
  const least = Math.min(a, b);
  let logTerm = -total * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= least; k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((total - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}

/**
 * The smallest q with P(Bin(`total`, `probability`) <= q) >= `level`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for numbers out of range.
 */
export function binomialQuantile(total: number, probability: number, level: number): number {
  checkCounts(0, total);
  checkLevel('probability', probability);
  checkLevel('level', level);
  let low = -1;
  let high = total;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    // P(Bin(n, p) > q) = I_p(q + 1, n - q).
    if (Math.exp(logIncompleteBeta(probability, middle + 1, total - middle)) <= 1 - level) high = middle;
    else low = middle;
  }
  return high;
}

function checkCounts(count: number, total: number): void {
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(total) || count < 0 || count > total)
    throw new AdvrobError('ADVROB_OPTION', `expected whole numbers 0 <= count <= total, got ${count} of ${total}`);
}

function checkLevel(name: string, value: number): void {
  if (!(value > 0 && value < 1))
    throw new AdvrobError('ADVROB_OPTION', `${name}: expected a number in (0, 1), got ${value}`);
}
