import type { NumericArray, NumericType } from './value.js';

export function allocate(dtype: NumericType, size: number): NumericArray {
  if (dtype === 'float32') return new Float32Array(size);
  return dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size);
}

/**
 * The number that every element equals, or null: makes `tf.ones`, `zeros` and scalars part of the
 * graph.
 */
export function repeatedNumber(values: ArrayLike<number>): number | null {
  const first = values[0];
  if (first === undefined) return null;
  // Two probes reject almost every real array before the scan.
  const last = values[values.length - 1];
  if (!Object.is(first, last)) return null;
  if (ArrayBuffer.isView(values)) return equalsItselfShifted(values, first) ? first : null;
  for (let i = 1; i < values.length; i++) if (!Object.is(values[i], first)) return null;
  return first;
}

/**
 * All elements are equal when each equals the next; the gradients of means make arrays of ones as
 * large as their images.
 */
function equalsItselfShifted(values: ArrayBufferView & ArrayLike<number>, first: number): boolean {
  const step = values.byteLength / values.length;
  // Bytes tell NaN from NaN where numbers are meant.
  if (Number.isNaN(first)) return values.length === 1;
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return bytes.subarray(step).equals(bytes.subarray(0, bytes.length - step));
}
