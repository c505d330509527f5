import { meanOf } from './descriptive.js';
import { betaQuantile } from './incomplete-beta.js';

/**
 * The `p` quantile of Student's t distribution with `degrees` > 0 degrees of freedom, to about 12
 * digits; NaN outside of 0 < p < 1.
 *
 * For t > 0 the two tails hold I_x(degrees / 2, 1 / 2) at x = degrees / (degrees + t²): Abramowitz and
 * Stegun 1964, equation 26.7.1 with 26.5.27.
 */
export function studentQuantile(p: number, degrees: number): number {
  if (!(p > 0 && p < 1 && degrees > 0)) return NaN;
  if (p === 0.5) return 0;
  const x = betaQuantile(2 * Math.min(p, 1 - p), degrees / 2, 0.5);
  const size = Math.sqrt((degrees * (1 - x)) / x);
  return p < 0.5 ? -size : size;
}

/** The mean of independent measurements, and where the mean of all that could be made lies. */
export interface MeanEstimate {
  readonly n: number;
  readonly mean: number;
  /** With n - 1 in the denominator; null for a single value, which tells nothing of it. */
  readonly deviation: number | null;
  /** Student's t interval; null for a single value. */
  readonly interval: readonly [low: number, high: number] | null;
}

/**
 * The mean with its interval mean ± t √(s² / n), exact for independent normal values (Student 1908,
 * "The Probable Error of a Mean").
 *
 * @param values - At least one; none gives a mean of NaN.
 * @param confidence - Default 0.95.
 */
export function estimateMean(values: readonly number[], confidence = 0.95): MeanEstimate {
  const n = values.length;
  const mean = meanOf(values);
  if (n < 2) return { n, mean, deviation: null, interval: null };
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const half = (studentQuantile((1 + confidence) / 2, n - 1) * deviation) / Math.sqrt(n);
  return { n, mean, deviation, interval: [mean - half, mean + half] };
}
