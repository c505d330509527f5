/**
 * Where one output row (or column) of a resized image comes from: two source rows, mixed by
 * `fractions`.
 */
export interface Sampling {
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Share of `high`; all zero for nearest neighbours. */
  readonly fractions: readonly number[];
}

export interface SamplingRule {
  readonly isLinear: boolean;
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** tfjs' sampling of `from` rows to `to` rows. */
export function sampling(from: number, to: number, rule: SamplingRule): Sampling {
  const isAligned = rule.alignCorners && to > 1;
  const ratio = isAligned ? (from - 1) / (to - 1) : from / to;
  const offset = rule.halfPixelCenters ? 0.5 : 0;
  const rows = Array.from({ length: to }, (_, row) => row);
  const clamp = (row: number): number => Math.min(from - 1, Math.max(0, row));
  if (!rule.isLinear) {
    const low = rows.map((row) => {
      const source = ratio * (row + offset);
      return clamp(rule.alignCorners ? Math.round(source) : Math.floor(source));
    });
    return { low, high: low, fractions: rows.map(() => 0) };
  }
  const sources = rows.map((row) => ratio * (row + offset) - offset);
  const low = sources.map((source) => clamp(Math.floor(source)));
  return {
    low,
    high: sources.map((source) => clamp(Math.ceil(source))),
    fractions: sources.map((source, row) => source - low[row]!),
  };
}

/** The same as a matrix [from, to], row by row: what every source row gives to every output row. */
export function samplingMatrix({ low, high, fractions }: Sampling, from: number): number[] {
  const to = low.length;
  const matrix = new Array<number>(from * to).fill(0);
  fractions.forEach((fraction, row) => {
    matrix[low[row]! * to + row]! += 1 - fraction;
    matrix[high[row]! * to + row]! += fraction;
  });
  return matrix;
}
