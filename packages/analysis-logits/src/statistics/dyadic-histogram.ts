/**
 * A histogram of a stream whose range nobody knows beforehand. Bin `k` counts the values in [k
 * width, (k + 1) width); the width is a power of two, so that two bins make one of twice the width
 * and histograms of different streams can be brought to common bins exactly. What it ends as does
 * not depend on the order of the values.
 */
export type DyadicHistogram = {
  /** `log2` of the width of a bin. */
  readonly exponent: number;
  /** Number of the first bin. */
  readonly first: number;
  /** Of the bins from the first to the last that is not empty; empty for no values. */
  readonly counts: readonly number[];
};

/** A histogram that is being filled. */
export interface HistogramBuilder {
  add(value: number): void;
  /** What it holds now. */
  histogram(): DyadicHistogram;
}

/**
 * Fine enough for the confidences near 1, coarse enough that bin numbers stay exact for any float32
 * logit.
 */
const finest = -20;

/**
 * @param maxBins - The width doubles as soon as the values would need more bins. Default 4096.
 */
export function createHistogram(maxBins = 4096): HistogramBuilder {
  let exponent = finest;
  let bins = new Map<number, number>();
  let [low, high] = [Infinity, -Infinity];
  const binOf = (value: number): number => Math.floor(value * 2 ** -exponent);
  return {
    add(value) {
      low = Math.min(low, value);
      high = Math.max(high, value);
      const before = exponent;
      while (binOf(high) - binOf(low) >= maxBins) exponent++;
      if (exponent > before) bins = coarser(bins, exponent - before);
      const bin = binOf(value);
      bins.set(bin, (bins.get(bin) ?? 0) + 1);
    },
    histogram() {
      if (bins.size === 0) return { exponent, first: 0, counts: [] };
      const first = binOf(low);
      const counts = Array.from({ length: binOf(high) - first + 1 }, (_, i) => bins.get(first + i) ?? 0);
      return { exponent, first, counts };
    },
  };
}

function coarser(bins: ReadonlyMap<number, number>, doublings: number): Map<number, number> {
  const merged = new Map<number, number>();
  for (const [bin, count] of bins) {
    const wide = Math.floor(bin / 2 ** doublings);
    merged.set(wide, (merged.get(wide) ?? 0) + count);
  }
  return merged;
}

/** The same values in bins of width `2^exponent`, which must not be finer. */
export function coarsen(histogram: DyadicHistogram, exponent: number): DyadicHistogram {
  const { first, counts } = histogram;
  if (counts.length === 0) return { exponent, first: 0, counts };
  const merged = coarser(new Map(counts.map((count, i) => [first + i, count])), exponent - histogram.exponent);
  const bins = [...merged.keys()];
  const [lowest, highest] = [Math.min(...bins), Math.max(...bins)];
  return {
    exponent,
    first: lowest,
    counts: Array.from({ length: highest - lowest + 1 }, (_, i) => merged.get(lowest + i) ?? 0),
  };
}

/**
 * The histograms in the finest bins that they can share and of which no more than `maxBins` span
 * them all.
 */
export function commonBins(histograms: readonly DyadicHistogram[], maxBins: number): DyadicHistogram[] {
  let exponent = Math.max(...histograms.map((histogram) => histogram.exponent));
  for (;;) {
    const shared = histograms.map((histogram) => coarsen(histogram, exponent));
    const filled = shared.filter(({ counts }) => counts.length > 0);
    const first = Math.min(...filled.map((histogram) => histogram.first));
    const last = Math.max(...filled.map(({ first: from, counts }) => from + counts.length));
    if (filled.length === 0 || last - first <= Math.max(2, maxBins)) return shared;
    exponent++;
  }
}

/**
 * The `p` quantile, 0 to 1, of the values: linear between the two values around it, each of which
 * is known to its bin, so that it is off by at most one width.
 */
export function quantileOf({ exponent, first, counts }: DyadicHistogram, p: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const valueAt = (rank: number): number => {
    let below = 0;
    let bin = 0;
    while (rank >= below + counts[bin]!) below += counts[bin++]!;
    return (first + bin + (rank - below + 0.5) / counts[bin]!) * 2 ** exponent;
  };
  const place = p * (total - 1);
  const rank = Math.min(Math.floor(place), total - 1);
  const value = valueAt(rank);
  return place === rank ? value : value + (place - rank) * (valueAt(rank + 1) - value);
}
