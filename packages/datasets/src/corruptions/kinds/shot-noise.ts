import { corruption, countOf } from '../corruption.js';

/** Poisson noise: each value becomes the share of photons counted; levels are the number expected from white. */
export const shotNoise = corruption<number>({
  levels: { small: [500, 250, 100, 75, 50], large: [60, 25, 12, 5, 3] },
  draws: (size) => ({ chance: { kind: 'uniform', count: countOf(size) } }),
  apply: ({ values }, photons, { chance }) =>
    values.map((value, i) => (poisson(value * photons, chance![i]!) / photons) * 255),
});

/** The smallest count whose distribution function at `mean` is above `chance`. Means are at most 500, so that nothing underflows. */
function poisson(mean: number, chance: number): number {
  let probability = Math.exp(-mean);
  let below = probability;
  let count = 0;
  // Far out the sum may stay below 1 by rounding: no count with a chance worth the name is above this one.
  const most = mean + 20 * Math.sqrt(mean) + 20;
  while (below <= chance && count < most) {
    probability *= mean / ++count;
    below += probability;
  }
  return count;
}
