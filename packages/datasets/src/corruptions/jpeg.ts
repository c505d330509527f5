import type { Picture } from './corruption.js';

/**
 * Weights of red, green and blue in parts of 65,536, whole as in libjpeg, so that ties round as
 * there.
 */
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
 * What a picture looks like after it was saved as a baseline JPEG file and read again, in levels of
 * 0 to 255. Only the steps that lose something are done: colours to luminance and chrominance,
 * chrominance at half the size, cosine transform, rounding, and all back; the lossless coding
 * between is left out.
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

/** One channel in levels of 0 to 255, row by row. */
interface Plane {
  readonly height: number;
  readonly width: number;
  readonly levels: Float64Array;
}

/**
 * The plane after each of its blocks was quantised. Its last row and column fill the blocks that
 * reach beyond it.
 */
function quantizePlane(plane: Plane, divisors: readonly number[]): Plane {
  const { height, width, levels } = plane;
  const result = new Float64Array(levels.length);
  const block = new Float64Array(64);
  for (let top = 0; top < height; top += 8)
    for (let left = 0; left < width; left += 8) {
      for (let i = 0; i < 64; i++) {
        const row = Math.min(top + (i >> 3), height - 1);
        block[i] = levels[row * width + Math.min(left + (i & 7), width - 1)]!;
      }
      quantizeBlock(block, divisors);
      for (let i = 0; i < 64; i++) {
        const [row, column] = [top + (i >> 3), left + (i & 7)];
        if (row < height && column < width) result[row * width + column] = block[i]!;
      }
    }
  return { height, width, levels: result };
}

/**
 * Half the height, and half the width filled up to whole blocks: means of four, rounded down and up
 * in turn so that no drift remains. What fills the blocks are means of the last column repeated,
 * not the last mean repeated, as libjpeg has it.
 */
function halved({ height, width, levels }: Plane): Plane {
  const half = { height: Math.ceil(height / 2), width: 8 * Math.ceil(width / 16) };
  const at = (row: number, column: number) => levels[Math.min(row, height - 1) * width + Math.min(column, width - 1)]!;
  const means = Float64Array.from({ length: half.height * half.width }, (_, i) => {
    const [row, column] = [2 * Math.floor(i / half.width), 2 * (i % half.width)];
    const sum = at(row, column) + at(row, column + 1) + at(row + 1, column) + at(row + 1, column + 1);
    return Math.floor((sum + 1 + ((column / 2) % 2)) / 4);
  });
  return { ...half, levels: means };
}

/** Back to the full size: each value is 9/16, 3/16, 3/16 and 1/16 of the four nearest. */
function doubled(half: Plane, height: number, width: number): Plane {
  const last = Math.ceil(width / 2) - 1;
  const at = (row: number, column: number) =>
    half.levels[Math.min(Math.max(row, 0), half.height - 1) * half.width + Math.min(Math.max(column, 0), last)]!;
  const levels = Float64Array.from({ length: height * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const [near, side] = [row >> 1, column >> 1];
    const [far, beside] = [near + (row % 2 === 0 ? -1 : 1), side + (column % 2 === 0 ? -1 : 1)];
    const line = (place: number) => 3 * at(near, place) + at(far, place);
    return Math.floor((3 * line(side) + line(beside) + (column % 2 === 0 ? 8 : 7)) / 16);
  });
  return { height, width, levels };
}

/** cosines[8 * frequency + place]: the orthonormal cosine transform of 8 values. */
const cosines = Float64Array.from({ length: 64 }, (_, i) => {
  const [frequency, place] = [Math.floor(i / 8), i % 8];
  return Math.cos(((2 * place + 1) * frequency * Math.PI) / 16) * (frequency === 0 ? Math.sqrt(1 / 8) : 0.5);
});

/**
 * What is left of a block of 8 x 8 levels after its cosine transform was rounded to multiples of
 * the divisors. Written to `block`. The transform is in float64, that of libjpeg in whole numbers:
 * a coefficient on the edge of rounding may come out otherwise.
 */
function quantizeBlock(block: Float64Array, divisors: readonly number[]): void {
  const centred = block.map((level) => level - 128);
  const coefficients = transform(centred, (frequency, place) => cosines[8 * frequency + place]!);
  const kept = coefficients.map(
    (value, i) => Math.sign(value) * Math.floor(Math.abs(value) / divisors[i]! + 0.5) * divisors[i]!,
  );
  const restored = transform(kept, (place, frequency) => cosines[8 * frequency + place]!);
  restored.forEach((value, i) => (block[i] = Math.min(Math.max(Math.floor(value + 128.5), 0), 255)));
}

/** A M A^T for the matrix A with entries `weight`. */
function transform(block: Float64Array, weight: (to: number, from: number) => number): Float64Array {
  const half = new Float64Array(64);
  for (let row = 0; row < 8; row++)
    for (let to = 0; to < 8; to++) {
      let sum = 0;
      for (let from = 0; from < 8; from++) sum += weight(to, from) * block[8 * row + from]!;
      half[8 * row + to] = sum;
    }
  const whole = new Float64Array(64);
  for (let column = 0; column < 8; column++)
    for (let to = 0; to < 8; to++) {
      let sum = 0;
      for (let from = 0; from < 8; from++) sum += weight(to, from) * half[8 * from + column]!;
      whole[8 * to + column] = sum;
    }
  return whole;
}

/** Divisors of the luminance coefficients at quality 50, row by row (ITU T.81, Table K.1). */
const luminance = [
  [16, 11, 10, 16, 24, 40, 51, 61],
  [12, 12, 14, 19, 26, 58, 60, 55],
  [14, 13, 16, 24, 40, 57, 69, 56],
  [14, 17, 22, 29, 51, 87, 80, 62],
  [18, 22, 37, 56, 68, 109, 103, 77],
  [24, 35, 55, 64, 81, 104, 113, 92],
  [49, 64, 78, 87, 103, 121, 120, 101],
  [72, 92, 95, 98, 112, 100, 103, 99],
].flat();
/**
 * Those of the chrominance coefficients in the first four rows and columns (Table K.2); all others
 * are 99.
 */
const chrominance = [
  [17, 18, 24, 47],
  [18, 21, 26, 66],
  [24, 26, 56, 99],
  [47, 66, 99, 99],
];

interface QuantizationTables {
  readonly luminance: readonly number[];
  readonly chrominance: readonly number[];
}

/** The tables of a quality from 1 to 100, scaled as the Independent JPEG Group does it. */
function quantizationTables(quality: number): QuantizationTables {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  const scaled = (divisor: number) => Math.min(Math.max(Math.floor((divisor * percent + 50) / 100), 1), 255);
  const colour = Array.from({ length: 64 }, (_, i) => chrominance[Math.floor(i / 8)]?.[i % 8] ?? 99);
  return { luminance: luminance.map(scaled), chrominance: colour.map(scaled) };
}
