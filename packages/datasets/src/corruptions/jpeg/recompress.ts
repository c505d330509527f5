import type { Picture } from '../corruption.js';
import { doubled, halved, quantizePlane, type Plane } from './plane.js';
import { quantizationTables } from './quantization.js';

/** Weights of red, green and blue in parts of 65,536, whole as in libjpeg, so that ties round as there. */
const toLight = [19595, 38470, 7471] as const;
const toBlueness = [-11059, -21709, 32768] as const;
const toRedness = [32768, -27439, -5329] as const;
/** Weights of blueness and redness in red, green and blue. */
const fromChroma = [
  [0, 91881],
  [-22554, -46802],
  [116130, 0],
] as const;
const one = 65536;

/**
 * What a picture looks like after it was saved as a baseline JPEG file and read again, in levels of 0 to 255. Only the steps that lose something are done: colours to
 * luminance and chrominance, chrominance at half the size, cosine transform, rounding, and all back; the lossless coding between is left out.
 */
export function recompress({ height, width, channels, values }: Picture, quality: number): Float64Array {
  const tables = quantizationTables(quality);
  const levels = values.map((value) => Math.round(value * 255));
  if (channels === 1) return quantizePlane({ height, width, levels }, tables.luminance).levels;
  const mixed = ([red, green, blue]: readonly [number, number, number], offset: number): Plane => ({
    height,
    width,
    levels: Float64Array.from({ length: height * width }, (_, pixel) => {
      const sum = red * levels[3 * pixel]! + green * levels[3 * pixel + 1]! + blue * levels[3 * pixel + 2]!;
      return Math.floor((sum + offset) / one);
    }),
  });
  const light = quantizePlane(mixed(toLight, one / 2), tables.luminance).levels;
  // Halves are rounded up in luminance, down in chrominance.
  const [blueness, redness] = [toBlueness, toRedness].map((weights) => {
    const plane = halved(mixed(weights, 128 * one + one / 2 - 1));
    return doubled(quantizePlane(plane, tables.chrominance), height, width).levels;
  });
  return values.map((_, i) => {
    const pixel = Math.floor(i / 3);
    const [ofBlueness, ofRedness] = fromChroma[i % 3]!;
    const colour = ofBlueness * (blueness![pixel]! - 128) + ofRedness * (redness![pixel]! - 128);
    return Math.min(Math.max(light[pixel]! + Math.floor((colour + one / 2) / one), 0), 255);
  });
}
