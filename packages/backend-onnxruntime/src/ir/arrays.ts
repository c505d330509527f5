import type { NumericArray, NumericType } from './value.js';

export function allocate(dtype: NumericType, size: number): NumericArray {
  if (dtype === 'float32') return new Float32Array(size);
  return dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size);
}

/** The number that every element equals, or null: makes `tf.ones`, `zeros` and scalars part of the graph. */
export function repeatedNumber(values: ArrayLike<number>): number | null {
  const first = values[0];
  if (first === undefined) return null;
  // Two probes reject almost every real array before the scan.
  const last = values[values.length - 1];
  if (!Object.is(first, last)) return null;
  for (let i = 1; i < values.length; i++) if (!Object.is(values[i], first)) return null;
  return first;
}
