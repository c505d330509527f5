import type { Picture } from './corruption.js';

/**
 * What stands beyond the edge of a row of `size` values: the index of the value to take for any
 * whole `index`.
 */
type Border = (index: number, size: number) => number;

/** a a | a b c d | d d */
export const nearest: Border = (index, size) => Math.min(Math.max(index, 0), size - 1);

/** b a | a b c d | d c */
export const reflect: Border = (index, size) => {
  const place = modulo(index, 2 * size);
  return place < size ? place : 2 * size - 1 - place;
};

/** c b | a b c d | c b */
export const mirror: Border = (index, size) => {
  if (size === 1) return 0;
  const place = modulo(index, 2 * size - 2);
  return place < size ? place : 2 * size - 2 - place;
};

function modulo(index: number, period: number): number {
  return ((index % period) + period) % period;
}

/** The value of a channel between pixels, by bilinear interpolation. */
export function sample(picture: Picture, channel: number, row: number, column: number, border: Border): number {
  const { height, width, channels, values } = picture;
  const [top, left] = [Math.floor(row), Math.floor(column)];
  const [down, right] = [row - top, column - left];
  const at = (y: number, x: number) => values[(border(y, height) * width + border(x, width)) * channels + channel]!;
  const upper = (1 - right) * at(top, left) + (right === 0 ? 0 : right * at(top, left + 1));
  if (down === 0) return upper;
  const lower = (1 - right) * at(top + 1, left) + (right === 0 ? 0 : right * at(top + 1, left + 1));
  return (1 - down) * upper + down * lower;
}

/**
 * The middle of a picture enlarged by `factor` >= 1 to the picture's size: first and last pixels of
 * the cut stay the outermost, bilinear between.
 */
export function clippedZoom(picture: Picture, factor: number): Float64Array {
  const { height, width, channels } = picture;
  const rows = zoomed(height, factor);
  const columns = zoomed(width, factor);
  const result = new Float64Array(picture.values.length);
  let to = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let channel = 0; channel < channels; channel++)
        result[to++] = sample(picture, channel, rows(row), columns(column), nearest);
  return result;
}

/** Where a place of the enlarged axis comes from. */
function zoomed(size: number, factor: number): (place: number) => number {
  const cut = Math.ceil(size / factor);
  const first = Math.floor((size - cut) / 2);
  const large = roundHalfEven(cut * factor);
  const trimmed = Math.floor((large - size) / 2);
  const step = large > 1 ? (cut - 1) / (large - 1) : 0;
  return (place) => first + (place + trimmed) * step;
}

function roundHalfEven(value: number): number {
  const whole = Math.floor(value);
  const rest = value - whole;
  return rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? whole + 1 : whole;
}

/**
 * Blur along a half line with Gaussian weights, cut to whole levels of 0 to 255, as ImageMagick's
 * motion blur does it (MagickMotionBlurImage).
 *
 * @param radius Half of the number of pixels that are averaged.
 * @param angle Of the line, in degrees.
 */
export function lineBlur(picture: Picture, radius: number, sigma: number, angle: number): Float64Array {
  const { height, width, channels, values } = picture;
  const length = 2 * Math.ceil(radius) + 1;
  const weights = Float64Array.from({ length }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const turn = (angle * Math.PI) / 180;
  const across = weights.map((_, i) => Math.ceil(i * Math.cos(turn) - 0.5));
  const down = weights.map((_, i) => Math.ceil(i * Math.sin(turn) - 0.5));
  const result = new Float64Array(values.length);
  let to = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let channel = 0; channel < channels; channel++) {
        let blurred = 0;
        for (let i = 0; i < length; i++) {
          const from = nearest(row + down[i]!, height) * width + nearest(column + across[i]!, width);
          blurred += weights[i]! * values[from * channels + channel]!;
        }
        result[to++] = Math.floor((blurred / sum) * 255 + 1e-9);
      }
  return result;
}

/**
 * Gaussian blur of the two image axes with a kernel cut off at `truncate` deviations, as
 * `scipy.ndimage.gaussian_filter` does it.
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
  const along = filterAxis(picture.values, kernel, border, {
    size: height,
    step: rowStep,
    lines: columnStarts(rowStep),
  });
  return filterAxis(along, kernel, border, {
    size: width,
    step: channels,
    lines: rowStarts(height, rowStep, channels),
  });
}

interface Axis {
  readonly size: number;
  /** From one value to the next. */
  readonly step: number;
  /** Where each line begins. */
  readonly lines: readonly number[];
}

const columnStarts = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const rowStarts = (height: number, rowStep: number, channels: number): number[] =>
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
