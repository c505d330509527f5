import type { Picture } from '../corruption.js';
import type { Border } from './borders.js';

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
