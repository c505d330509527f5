import type { ThreatModel } from '../contract/index.js';

/**
 * How far float32 rounding of x + delta may carry the distance of a point with `size` values over the radius, when the point was projected exactly:
 * half a unit in the last place per value, and as much again for a distance that was itself computed in float32.
 */
export function slackOf({ norm, epsilon, bounds }: ThreatModel, size: number): number {
  if (norm === 'l0') return 0;
  const largest = Math.max(Math.abs(bounds[0]), Math.abs(bounds[1]), 1);
  const perValue = 1.2e-7 * largest;
  const values = norm === 'linf' ? 1 : norm === 'l2' ? Math.sqrt(size) : size;
  return values * perValue + (Number.isFinite(epsilon) ? 1e-6 * epsilon : 0);
}
