import type { Picture } from '../corruption.js';

/** A picture in levels of 0 to 255 at another size: each pixel is the mean of the pixels whose centres lie in its box, whole after each axis, as Pillow does it. */
export function boxResize(levels: Picture, height: number, width: number): Picture {
  const { channels } = levels;
  const wide = new Float64Array(levels.height * width * channels);
  boxes(levels.width, width).forEach(([first, end], column) => {
    for (let row = 0; row < levels.height; row++)
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let from = first; from < end; from++)
          sum += levels.values[(row * levels.width + from) * channels + channel]!;
        wide[(row * width + column) * channels + channel] = Math.floor(sum / (end - first) + 0.5);
      }
  });
  const values = new Float64Array(height * width * channels);
  const line = width * channels;
  boxes(levels.height, height).forEach(([first, end], row) => {
    for (let i = 0; i < line; i++) {
      let sum = 0;
      for (let from = first; from < end; from++) sum += wide[from * line + i]!;
      values[row * line + i] = Math.floor(sum / (end - first) + 0.5);
    }
  });
  return { height, width, channels, values };
}

/** First pixel and the one after the last of each box. */
function boxes(from: number, to: number): [number, number][] {
  const scale = from / to;
  const half = 0.5 * Math.max(scale, 1);
  return Array.from({ length: to }, (_, place): [number, number] => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(Math.floor(centre - half + 0.5), 0);
    const end = Math.min(Math.floor(centre + half + 0.5), from);
    // A pixel whose centre lies on the left edge of the box is not in it, one on the right edge is.
    const isIn = (pixel: number) => {
      const distance = (pixel - centre + 0.5) / Math.max(scale, 1);
      return distance > -0.5 && distance <= 0.5;
    };
    const inside = Array.from({ length: end - first }, (__, i) => first + i).filter(isIn);
    return [inside[0]!, inside.at(-1)! + 1];
  });
}
