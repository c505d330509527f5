import { corruption } from '../corruption.js';

/** Adds to the value of hue, saturation and value (the largest of the channels), up to 1, with the other two as they are. */
export const brightness = corruption<number>({
  levels: { small: [0.05, 0.1, 0.15, 0.2, 0.3], large: [0.1, 0.2, 0.3, 0.4, 0.5] },
  apply({ values, channels }, more) {
    const result = new Float64Array(values.length);
    for (let pixel = 0; pixel < values.length; pixel += channels) {
      const colours = values.subarray(pixel, pixel + channels);
      const value = Math.max(...colours);
      const raised = Math.min(value + more, 1);
      colours.forEach((colour, i) => (result[pixel + i] = (value === 0 ? raised : colour * (raised / value)) * 255));
    }
    return result;
  },
});
