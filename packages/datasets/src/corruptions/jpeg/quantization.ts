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
/** Those of the chrominance coefficients in the first four rows and columns (Table K.2); all others are 99. */
const chrominance = [
  [17, 18, 24, 47],
  [18, 21, 26, 66],
  [24, 26, 56, 99],
  [47, 66, 99, 99],
];

export interface QuantizationTables {
  readonly luminance: readonly number[];
  readonly chrominance: readonly number[];
}

/** The tables of a quality from 1 to 100, scaled as the Independent JPEG Group does it. */
export function quantizationTables(quality: number): QuantizationTables {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  const scaled = (divisor: number) => Math.min(Math.max(Math.floor((divisor * percent + 50) / 100), 1), 255);
  const colour = Array.from({ length: 64 }, (_, i) => chrominance[Math.floor(i / 8)]?.[i % 8] ?? 99);
  return { luminance: luminance.map(scaled), chrominance: colour.map(scaled) };
}
