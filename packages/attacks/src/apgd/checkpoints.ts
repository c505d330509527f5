/**
 * After which iterations (counted from 1) APGD reviews its step sizes, and over how many iterations each review looks back: first 22% of the
 * iterations, then each window 3% shorter than the one before, down to 6% (Croce and Hein 2020, arXiv:2003.01690, section 3.2, as rounded by
 * AutoAttack). For 100 iterations: 22, 41, 57, 70, 80, 87, 93, 99.
 */
export function checkpoints(iterations: number): ReadonlyMap<number, number> {
  const atLeastOne = (share: number): number => Math.max(Math.trunc(share * iterations), 1);
  const [shrink, shortest] = [atLeastOne(0.03), atLeastOne(0.06)];
  const windows = new Map<number, number>();
  let window = atLeastOne(0.22);
  for (let at = window; at <= iterations; at += window) {
    windows.set(at, window);
    window = Math.max(window - shrink, shortest);
  }
  return windows;
}
