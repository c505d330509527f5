import type { Picture } from '../corruption.js';
import { nearest } from './borders.js';
import { sample } from './sample.js';

/** The middle of a picture enlarged by `factor` >= 1 to the picture's size: first and last pixels of the cut stay the outermost, bilinear between. */
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
