import { corruption, countOf } from '../corruption.js';

/** Salt and pepper: each value becomes 0 or 1, with equal chances, in the share of values that is the level. */
export const impulseNoise = corruption<number>({
  levels: { small: [0.01, 0.02, 0.03, 0.05, 0.07], large: [0.03, 0.06, 0.09, 0.17, 0.27] },
  draws: (size) => ({
    hit: { kind: 'uniform', count: countOf(size) },
    salt: { kind: 'uniform', count: countOf(size) },
  }),
  apply: ({ values }, share, { hit, salt }) =>
    values.map((value, i) => (hit![i]! >= share ? value * 255 : salt![i]! < 0.5 ? 255 : 0)),
});
