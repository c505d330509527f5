import type { Picture } from '../corruption.js';
import type { Border } from './borders.js';

/**
 * Gaussian blur of the two image axes with a kernel cut off at `truncate` deviations, as `scipy.ndimage.gaussian_filter` does it.
 *
 * @param sigma Standard deviation in pixels; 0 changes nothing.
 */
export function gaussianFilter(picture: Picture, sigma: number, border: Border, truncate = 4): Float64Array {
  const radius = Math.floor(truncate * sigma + 0.5);
  if (radius === 0) return picture.values.slice();
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp((-0.5 / sigma ** 2) * (i - radius) ** 2),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const kernel = weights.map((weight) => weight / sum);
  const { height, width, channels } = picture;
  const rowStep = width * channels;
  const along = filterAxis(picture.values, kernel, border, { size: height, step: rowStep, lines: columns(rowStep) });
  return filterAxis(along, kernel, border, { size: width, step: channels, lines: rows(height, rowStep, channels) });
}

interface Axis {
  readonly size: number;
  /** From one value to the next. */
  readonly step: number;
  /** Where each line begins. */
  readonly lines: readonly number[];
}

const columns = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const rows = (height: number, rowStep: number, channels: number): number[] =>
  Array.from({ length: height * channels }, (_, i) => Math.floor(i / channels) * rowStep + (i % channels));

function filterAxis(values: Float64Array, kernel: Float64Array, border: Border, axis: Axis): Float64Array {
  const { size, step, lines } = axis;
  const radius = (kernel.length - 1) / 2;
  const filtered = new Float64Array(values.length);
  for (const start of lines)
    for (let place = 0; place < size; place++) {
      let sum = 0;
      for (let k = -radius; k <= radius; k++)
        sum += kernel[k + radius]! * values[start + border(place + k, size) * step]!;
      filtered[start + place * step] = sum;
    }
  return filtered;
}
