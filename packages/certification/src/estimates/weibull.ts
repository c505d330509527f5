import { meanOf } from '@advrob/core/statistics';

/** A reverse Weibull distribution: P(b <= t) = exp(-((location - t) / scale)^shape) for t up to `location`. */
export interface ReverseWeibull {
  /** The largest possible value. */
  readonly location: number;
  readonly shape: number;
  readonly scale: number;
  readonly logLikelihood: number;
  /** Kolmogorov-Smirnov distance of the sample from the fit, and how likely one at least as large is. */
  readonly distance: number;
  readonly pValue: number;
  /** Whether the sample tells no end of the distribution: the fit is at an end of its range, or bad. */
  readonly isRejected: boolean;
}

/** Least and greatest distance of the location from the largest value, in ranges of the sample. */
const reach = [1e-6, 10] as const;
const mostShape = 200;
const gridPoints = 400;
/** Fits less likely than this are rejected. */
const leastLikely = 0.05;

/**
 * The reverse Weibull distribution of block maxima, by maximum likelihood. The likelihood has no
 * maximum for shapes below 1, so the shape is at least 1; the location is searched on a grid and
 * refined, which needs no start. Undefined for a sample without a range.
 */
export function fitReverseWeibull(maxima: readonly number[]): ReverseWeibull | undefined {
  const largest = Math.max(...maxima);
  const range = largest - Math.min(...maxima);
  if (!(range > 0) || !Number.isFinite(range)) return undefined;
  const at = (t: number): Profile => profileOf(maxima, largest + range * Math.exp(t));
  const [from, to] = [Math.log(reach[0]), Math.log(reach[1])];
  const step = (to - from) / (gridPoints - 1);
  const likelihoods = Array.from({ length: gridPoints }, (_, i) => at(from + i * step).logLikelihood);
  const best = likelihoods.indexOf(Math.max(...likelihoods));
  const isAtEnd = best === 0 || best === gridPoints - 1;
  const found = isAtEnd
    ? at(from + best * step)
    : at(goldenSection((t) => at(t).logLikelihood, from + (best - 1) * step, from + (best + 1) * step));
  const distance = distanceOf(maxima, found);
  const pValue = kolmogorov(distance, maxima.length);
  const isRejected = isAtEnd || found.shape === 1 || pValue < leastLikely;
  return { ...found, distance, pValue, isRejected };
}

type Profile = Pick<ReverseWeibull, 'location' | 'shape' | 'scale' | 'logLikelihood'>;

/** The best shape, of at least 1, and scale for a location. */
function profileOf(maxima: readonly number[], location: number): Profile {
  const logs = maxima.map((value) => Math.log(location - value));
  const most = Math.max(...logs);
  const meanLog = meanOf(logs);
  /** Powers of the distances, the largest being 1. */
  const powers = (shape: number): number[] => logs.map((log) => Math.exp(shape * (log - most)));
  const slope = (shape: number): number => {
    const each = powers(shape);
    const sum = each.reduce((total, value) => total + value, 0);
    return each.reduce((total, value, i) => total + value * logs[i]!, 0) / sum - meanLog - 1 / shape;
  };
  let [low, high] = [1, mostShape];
  if (slope(1) >= 0) high = 1;
  else
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2;
      if (slope(middle) < 0) low = middle;
      else high = middle;
    }
  const shape = high;
  const logScale = most + Math.log(meanOf(powers(shape))) / shape;
  const n = maxima.length;
  const logLikelihood = n * Math.log(shape) - n * shape * logScale + (shape - 1) * n * meanLog - n;
  return { location, shape, scale: Math.exp(logScale), logLikelihood };
}

/** Where a function with one maximum in [low, high] is largest. */
function goldenSection(f: (t: number) => number, low: number, high: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  for (let i = 0; i < 60; i++) {
    const [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
    if (f(a) > f(b)) high = b;
    else low = a;
  }
  return (low + high) / 2;
}

function distanceOf(sample: readonly number[], { location, shape, scale }: Profile): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const n = sorted.length;
  return sorted.reduce((most, value, i) => {
    const chance = Math.exp(-(((location - value) / scale) ** shape));
    return Math.max(most, (i + 1) / n - chance, chance - i / n);
  }, 0);
}

/** Chance of a Kolmogorov-Smirnov distance of at least `distance`, with Stephens' correction for few values. */
function kolmogorov(distance: number, n: number): number {
  const root = Math.sqrt(n);
  const x = (root + 0.12 + 0.11 / root) * distance;
  if (x < 0.3) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, Math.max(0, sum));
}
