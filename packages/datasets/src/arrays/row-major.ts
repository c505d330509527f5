import type { NpyData } from '../formats/npy-types.js';

/** Values in column order (first axis fastest) brought into row order (last axis fastest). */
export function rowMajor<T extends NpyData>(values: T, shape: readonly number[]): T {
  const ordered = values.slice() as T;
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  let source = 0;
  for (let target = 0; target < ordered.length; target++) {
    ordered[target] = values[source]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      source -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return ordered;
}
