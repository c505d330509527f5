/** A permutation of 0..n-1 that depends on (seed, purpose) alone. */
export function permutation(seed: number, purpose: string, n: number): Int32Array {
  let state = seed | 0;
  for (const character of purpose) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const other = Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * (i + 1));
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order;
}
