import type { Picture } from '../corruption.js';
import { nearest } from './borders.js';

/**
 * Blur along a half line with Gaussian weights, cut to whole levels of 0 to 255, as ImageMagick's motion blur does it (MagickMotionBlurImage).
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
