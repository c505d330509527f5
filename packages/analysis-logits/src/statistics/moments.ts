/**
 * Sums of a stream that give its moments: count, mean, and sums of second and third powers of the
 * deviations from it.
 */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly second: number;
  readonly third: number;
}

export const noMoments: Moments = { count: 0, mean: 0, second: 0, third: 0 };

/**
 * Moments of two streams together: exact up to rounding in whatever order, and without the
 * cancellation of sums of powers (Pébay 2008, "Formulas for robust, one-pass parallel computation
 * of covariances and arbitrary-order statistical moments", SAND2008-6212, equations 2.1 and III.1).
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

/** Sums of a stream of pairs that give its correlation. */
export interface CoMoment {
  readonly count: number;
  readonly meanX: number;
  readonly meanY: number;
  readonly xx: number;
  readonly yy: number;
  readonly xy: number;
}

export const noCoMoment: CoMoment = { count: 0, meanX: 0, meanY: 0, xx: 0, yy: 0, xy: 0 };

/**
 * With one more pair (the update of Welford, for covariances: Pébay 2008, SAND2008-6212, equation
 * 3.1).
 */
export function addPair(sums: CoMoment, x: number, y: number): CoMoment {
  const count = sums.count + 1;
  const [dx, dy] = [x - sums.meanX, y - sums.meanY];
  const [meanX, meanY] = [sums.meanX + dx / count, sums.meanY + dy / count];
  return {
    count,
    meanX,
    meanY,
    xx: sums.xx + dx * (x - meanX),
    yy: sums.yy + dy * (y - meanY),
    xy: sums.xy + dx * (y - meanY),
  };
}

/** Pearson's correlation; null when one side is constant. */
export function correlationOf({ xx, yy, xy }: CoMoment): number | null {
  if (!(xx > 0 && yy > 0)) return null;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}
