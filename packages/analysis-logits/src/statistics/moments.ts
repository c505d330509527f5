/** Sums of a stream that give its moments: count, mean, and sums of second and third powers of the deviations from it. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly second: number;
  readonly third: number;
}

export const noMoments: Moments = { count: 0, mean: 0, second: 0, third: 0 };

/**
 * Moments of two streams together: exact up to rounding in whatever order, and without the cancellation of sums of powers
 * (Pébay 2008, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments", SAND2008-6212, equations 2.1 and III.1).
 */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (delta * b.count) / count,
    second: a.second + b.second + (delta ** 2 * a.count * b.count) / count,
    third:
      a.third +
      b.third +
      (delta ** 3 * a.count * b.count * (a.count - b.count)) / count ** 2 +
      (3 * delta * (a.count * b.second - b.count * a.second)) / count,
  };
}

/** With one more value. */
export function addValue(moments: Moments, value: number): Moments {
  return mergeMoments(moments, { count: 1, mean: value, second: 0, third: 0 });
}

/** Standard deviation of the population, i.e. with `1 / count`. */
export function deviationOf({ count, second }: Moments): number {
  return Math.sqrt(second / count);
}

/** Skewness `E[((v - mean) / std)^3]` of the population; null for a constant, which has none. */
export function skewnessOf({ count, second, third }: Moments): number | null {
  return second > 0 ? third / count / (second / count) ** 1.5 : null;
}
