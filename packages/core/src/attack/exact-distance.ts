import type { Norm } from '../contract/index.js';

/** Distances of `n` rows in float64. */
export function exactDistances(norm: Norm, adversarial: Float32Array, clean: Float32Array, n: number): Float64Array {
  const size = clean.length / n;
  return Float64Array.from({ length: n }, (_, row) => {
    let sum = 0;
    let largest = 0;
    let changed = 0;
    for (let i = row * size; i < (row + 1) * size; i++) {
      const change = Math.abs(adversarial[i]! - clean[i]!);
      if (change === 0) continue;
      changed++;
      largest = Math.max(largest, change);
      sum += norm === 'l2' ? change * change : change;
    }
    return { linf: largest, l2: Math.sqrt(sum), l1: sum, l0: changed }[norm];
  });
}
