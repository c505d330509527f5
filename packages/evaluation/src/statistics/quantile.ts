/**
 * The `p` quantile, 0 to 1, of ascending values, linear between the two around it; Infinity where
 * the value above is.
 */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  const share = place - below;
  if (share === 0) return sorted[below]!;
  return sorted[below]! + share * (sorted[below + 1]! - sorted[below]!);
}

/**
 * Distribution function of the standard normal, to about 15 digits for |x| below 7.
 *
 * Marsaglia 2004, "Evaluating the Normal Distribution", Journal of Statistical Software 11(4),
 * equation (4): a series of positive terms.
 */
export function normalDistribution(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * normalDensity(x);
}

/**
 * The `p` quantile of the standard normal for `p` in [1e-9, 1 - 1e-9], to about 12 digits, by
 * bisection.
 */
export function normalQuantile(p: number): number {
  let low = -6.5;
  let high = 6.5;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalDistribution(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}
