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
