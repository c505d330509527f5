import { corruption } from '../corruption.js';
import { recompress } from '../jpeg/recompress.js';

/** Saved as JPEG with the quality that is the level, chrominance at half the size, and read again. */
export const jpegCompression = corruption<number>({
  levels: { small: [80, 65, 58, 50, 40], large: [25, 18, 15, 10, 7] },
  apply: (picture, quality) => recompress(picture, quality),
});
