/** The arithmetic mean; NaN of no values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle value, or the mean of the two in the middle; NaN of no values. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2;
}

/**
 * Slope of the least-squares line through the points (x, y); null with fewer than two different x.
 */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number | null {
  const [mx, my] = [meanOf(points.map(([x]) => x)), meanOf(points.map(([, y]) => y))];
  const spread = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  if (!(spread > 0)) return null;
  return points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / spread;
}

/** {@link slopeOf} the logarithms of points that are all above 0: the exponent of a power law. */
export function logLogSlope(points: readonly (readonly [x: number, y: number])[]): number | null {
  return slopeOf(points.map(([x, y]) => [Math.log(x), Math.log(y)] as const));
}
