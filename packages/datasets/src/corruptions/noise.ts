import { corruption, countOf } from './corruption.js';

/** Normal noise on every value; levels are its standard deviation. */
export const gaussianNoise = corruption<number>({
  levels: { small: [0.04, 0.06, 0.08, 0.09, 0.1], large: [0.08, 0.12, 0.18, 0.26, 0.38] },
  draws: (size) => ({ noise: { kind: 'normal', count: countOf(size) } }),
  apply: ({ values }, deviation, { noise }) => values.map((value, i) => (value + deviation * noise![i]!) * 255),
});

/**
 * Poisson noise: each value becomes the share of photons counted; levels are the number expected
 * from white.
 */
export const shotNoise = corruption<number>({
  levels: { small: [500, 250, 100, 75, 50], large: [60, 25, 12, 5, 3] },
  draws: (size) => ({ chance: { kind: 'uniform', count: countOf(size) } }),
  apply: ({ values }, photons, { chance }) =>
    values.map((value, i) => (poisson(value * photons, chance![i]!) / photons) * 255),
});

/**
 * The smallest count whose distribution function at `mean` is above `chance`. Means are at most
 * 500, so that nothing underflows.
 */
function poisson(mean: number, chance: number): number {
  let probability = Math.exp(-mean);
  let below = probability;
  let count = 0;
  // Far out the sum may stay below 1 by rounding: no count with a chance worth the name is above
  // this one.
  const most = mean + 20 * Math.sqrt(mean) + 20;
  while (below <= chance && count < most) {
    probability *= mean / ++count;
    below += probability;
  }
  return count;
}

/**
 * Salt and pepper: each value becomes 0 or 1, with equal chances, in the share of values that is
 * the level.
 */
export const impulseNoise = corruption<number>({
  levels: { small: [0.01, 0.02, 0.03, 0.05, 0.07], large: [0.03, 0.06, 0.09, 0.17, 0.27] },
  draws: (size) => ({
    hit: { kind: 'uniform', count: countOf(size) },
    salt: { kind: 'uniform', count: countOf(size) },
  }),
  apply: ({ values }, share, { hit, salt }) =>
    values.map((value, i) => (hit![i]! >= share ? value * 255 : salt![i]! < 0.5 ? 255 : 0)),
});
