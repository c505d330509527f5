/** cosines[8 * frequency + place]: the orthonormal cosine transform of 8 values. */
const cosines = Float64Array.from({ length: 64 }, (_, i) => {
  const [frequency, place] = [Math.floor(i / 8), i % 8];
  return Math.cos(((2 * place + 1) * frequency * Math.PI) / 16) * (frequency === 0 ? Math.sqrt(1 / 8) : 0.5);
});

/**
 * What is left of a block of 8 x 8 levels after its cosine transform was rounded to multiples of the divisors. Written to `block`. The transform is in float64, that of
 * libjpeg in whole numbers: a coefficient on the edge of rounding may come out otherwise.
 */
export function quantizeBlock(block: Float64Array, divisors: readonly number[]): void {
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
