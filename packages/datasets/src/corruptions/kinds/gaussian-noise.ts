import { corruption, countOf } from '../corruption.js';

/** Normal noise on every value; levels are its standard deviation. */
export const gaussianNoise = corruption<number>({
  levels: { small: [0.04, 0.06, 0.08, 0.09, 0.1], large: [0.08, 0.12, 0.18, 0.26, 0.38] },
  draws: (size) => ({ noise: { kind: 'normal', count: countOf(size) } }),
  apply: ({ values }, deviation, { noise }) => values.map((value, i) => (value + deviation * noise![i]!) * 255),
});
