import type { DecodedPicture } from './picture.js';

/** A filter's weight at a distance in pixels, 0 from `support` on. */
interface Filter {
  readonly support: number;
  weight(distance: number): number;
}

/** Pillow's filters, which torchvision's interpolations of these names are. */
const filters = {
  bilinear: { support: 1, weight: (x: number) => Math.max(1 - Math.abs(x), 0) },
  bicubic: { support: 2, weight: (x: number) => cubic(Math.abs(x)) },
} as const satisfies Readonly<Record<string, Filter>>;

export type Interpolation = keyof typeof filters;

/** Keys' cubic with a = -0.5. */
function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/** The weights of the pixels that each pixel of a row is made from. */
interface Taps {
  /** First pixel. */
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** [to, most]: those of a pixel one after another. */
  readonly weights: Float64Array;
  readonly most: number;
}

/** Widened by the factor of shrinking, so that every pixel counts (antialias). */
function tapsOf(from: number, to: number, { support: reach, weight }: Filter): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = reach * stretch;
  const most = Math.ceil(support) * 2 + 1;
  const taps = { starts: new Int32Array(to), counts: new Int32Array(to), weights: new Float64Array(to * most), most };
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), from) - start;
    let sum = 0;
    for (let j = 0; j < count; j++) {
      const value = weight((j + start - center + 0.5) * (1 / stretch));
      taps.weights[i * most + j] = value;
      sum += value;
    }
    for (let j = 0; j < count && sum !== 0; j++) taps.weights[i * most + j]! /= sum;
    taps.starts[i] = start;
    taps.counts[i] = count;
  }
  return taps;
}

/** Bits after the point of Pillow's whole-number weights. */
const precision = 22;

/** One half at that precision: what makes of cutting off rounding. */
const half = 2 ** (precision - 1);

/** Weights as the whole numbers that Pillow reckons with. */
function whole(weights: Float64Array): Int32Array {
  return Int32Array.from(weights, (value) => Math.trunc(value * 2 ** precision + (value < 0 ? -0.5 : 0.5)));
}

/**
 * A picture at another size, along rows and along columns. Bytes come out as Pillow's `Image.resize`
 * gives them, to the last level: whole-number weights of 22 bits, levels rounded and clipped after
 * each of the two. Other samples stay unrounded, as `resize` of torchvision with `antialias=True`
 * has float tensors.
 */
export function resampled(
  picture: DecodedPicture,
  [height, width]: readonly [height: number, width: number],
  interpolation: Interpolation,
): DecodedPicture {
  const filter: Filter = filters[interpolation];
  const alongRows = (given: DecodedPicture): DecodedPicture => {
    if (width === given.width) return given;
    const extents = { before: given.height, along: given.width, after: given.channels };
    return { ...given, width, data: along(given.data, extents, tapsOf(given.width, width, filter), width) };
  };
  const alongColumns = (given: DecodedPicture): DecodedPicture => {
    if (height === given.height) return given;
    const extents = { before: 1, along: given.height, after: given.width * given.channels };
    return { ...given, height, data: along(given.data, extents, tapsOf(given.height, height, filter), height) };
  };
  // The order of Pillow 13, to be seen in the rounding alone; earlier versions begin along rows.
  const [lost, lostWide] = [picture.height - height, picture.width - width];
  return lost > 0 && lost > 2 * lostWide ? alongRows(alongColumns(picture)) : alongColumns(alongRows(picture));
}

/** Samples as [before, along, after]. */
interface Extents {
  readonly before: number;
  readonly along: number;
  readonly after: number;
}

function along(data: DecodedPicture['data'], extents: Extents, taps: Taps, to: number) {
  const result = extents.before * to * extents.after;
  if (data instanceof Uint8Array) return alongBytes(data, extents, taps, new Uint8Array(result));
  return alongFloats(data, extents, taps, new Float32Array(result));
}

/** The sums stay below 2^31: 255 x 2^22, and the overshoot of a cubic. */
function alongBytes(
  data: Uint8Array,
  { before, along: from, after }: Extents,
  { starts, counts, weights: exact, most }: Taps,
  result: Uint8Array,
) {
  const weights = whole(exact);
  const to = starts.length;
  for (let row = 0; row < before; row++)
    for (let i = 0; i < to; i++) {
      const first = i * most;
      const end = first + counts[i]!;
      const start = (row * from + starts[i]!) * after;
      const target = (row * to + i) * after;
      for (let k = 0; k < after; k++) {
        let sum = half;
        let at = start + k;
        for (let j = first; j < end; j++) {
          sum = (sum + Math.imul(data[at]!, weights[j]!)) | 0;
          at += after;
        }
        const level = sum >> precision;
        result[target + k] = level < 0 ? 0 : level > 255 ? 255 : level;
      }
    }
  return result;
}

function alongFloats(
  data: Exclude<DecodedPicture['data'], Uint8Array>,
  { before, along: from, after }: Extents,
  { starts, counts, weights, most }: Taps,
  result: Float32Array,
) {
  const to = starts.length;
  for (let row = 0; row < before; row++)
    for (let i = 0; i < to; i++)
      for (let k = 0; k < after; k++) {
        let sum = 0;
        for (let j = 0; j < counts[i]!; j++)
          sum += data[(row * from + starts[i]! + j) * after + k]! * weights[i * most + j]!;
        result[(row * to + i) * after + k] = sum;
      }
  return result;
}
