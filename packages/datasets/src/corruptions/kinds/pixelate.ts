import { corruption } from '../corruption.js';
import { boxResize } from '../raster/box-resize.js';

/** Shrinks a picture to the share of its size that is the level, and enlarges it again, both by averaging boxes of pixels. */
export const pixelate = corruption<number>({
  levels: { small: [0.95, 0.9, 0.85, 0.75, 0.65], large: [0.6, 0.5, 0.4, 0.3, 0.25] },
  apply({ height, width, channels, values }, share) {
    const levels = { height, width, channels, values: values.map((value) => Math.round(value * 255)) };
    const small = boxResize(levels, Math.floor(height * share), Math.floor(width * share));
    return boxResize(small, height, width).values;
  },
});
