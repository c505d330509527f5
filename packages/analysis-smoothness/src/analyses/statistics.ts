export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2;
}

/** Slope of the least-squares line through the logarithms of points (x, y) above 0: the exponent of a power law. */
export function logLogSlope(points: readonly (readonly [x: number, y: number])[]): number | null {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const [mx, my] = [meanOf(logs.map(([x]) => x)), meanOf(logs.map(([, y]) => y))];
  const spread = logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return spread > 0 ? logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / spread : null;
}
