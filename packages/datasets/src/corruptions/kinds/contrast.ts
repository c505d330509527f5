import { corruption } from '../corruption.js';

/** Moves every value towards the mean of its channel; levels are the share of the distance that is left. */
export const contrast = corruption<number>({
  levels: { small: [0.75, 0.5, 0.4, 0.3, 0.15], large: [0.4, 0.3, 0.2, 0.1, 0.05] },
  apply({ values, channels }, share) {
    const means = new Float64Array(channels);
    values.forEach((value, i) => (means[i % channels]! += (value * channels) / values.length));
    return values.map((value, i) => ((value - means[i % channels]!) * share + means[i % channels]!) * 255);
  },
});
