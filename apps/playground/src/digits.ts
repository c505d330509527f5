/** A test image of MNIST and its class. */
export interface Digit {
  readonly label: number;
  /** [28, 28, 1] in [0, 1]. */
  readonly pixels: Float32Array;
}

export const side = 28;
const size = side * side;

/** The digits of `digits.bin`: all labels, then all images, a byte a value. */
export function readDigits(bytes: Uint8Array): Digit[] {
  const count = bytes.length / (size + 1);
  return Array.from({ length: count }, (_, i) => ({
    label: bytes[i]!,
    pixels: Float32Array.from(bytes.subarray(count + i * size, count + (i + 1) * size), (level) => level / 255),
  }));
}
