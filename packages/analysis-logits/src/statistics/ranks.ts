import { addPair, correlationOf, noCoMoment } from './moments.js';

/** Ranks from 1 for the smallest; equal values share the mean of their ranks. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

/**
 * Spearman's rho: Pearson's correlation of the average ranks (Spearman 1904, "The proof and
 * measurement of association between two things"). Null when one side is constant.
 */
export function spearman(first: ArrayLike<number>, second: ArrayLike<number>): number | null {
  const [a, b] = [averageRanks(first), averageRanks(second)];
  let sums = noCoMoment;
  for (let i = 0; i < a.length; i++) sums = addPair(sums, a[i]!, b[i]!);
  return correlationOf(sums);
}
