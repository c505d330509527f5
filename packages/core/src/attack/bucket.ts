/**
 * The batch size used for `count` rows: 1, 2, 4, 8, 16, 32, 48, 64, then multiples of 32 up to 256 and of 64 beyond. Few distinct sizes keep a
 * compiling backend from compiling for every size that dropping rows produces.
 */
export function bucket(count: number): number {
  if (count > 256) return Math.ceil(count / 64) * 64;
  if (count > 64) return Math.ceil(count / 32) * 32;
  return [1, 2, 4, 8, 16, 32, 48, 64].find((size) => size >= count)!;
}

/**
 * Which of `total` rows to keep: all of `wanted` (ascending), filled up to the bucket size with unwanted ones, ascending; or undefined when nothing
 * would be saved.
 */
export function keepOf(wanted: readonly number[], total: number): number[] | undefined {
  const size = bucket(wanted.length);
  if (size >= total) return undefined;
  const isWanted = new Set(wanted);
  const fillers: number[] = [];
  for (let i = 0; fillers.length < size - wanted.length; i++) if (!isWanted.has(i)) fillers.push(i);
  return [...wanted, ...fillers].sort((a, b) => a - b);
}

/** The indices below `total` that are not in `kept`, ascending. */
export function restOf(kept: readonly number[], total: number): number[] {
  const isKept = new Set(kept);
  return Array.from({ length: total }, (_, i) => i).filter((i) => !isKept.has(i));
}
