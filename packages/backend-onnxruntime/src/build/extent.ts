import { pending, splat } from '../ir/create.js';
import type { Value } from '../ir/value.js';

/** The part of `size` elements per axis that starts at `begin`. */
export function slice(x: Value, begin: readonly number[], size: readonly number[]): Value {
  if (x.splat !== null) return splat(x.splat, size, x.dtype, x.isDerived);
  if (size.every((extent, axis) => extent === x.shape[axis])) return x;
  return pending('Slice', [x], size, x.dtype, { begin });
}

/** `fill` before and after the elements of every axis; not for bool, which ONNX Runtime does not pad. */
export function pad(x: Value, paddings: readonly (readonly [before: number, after: number])[], fill: number): Value {
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((extent, axis) => extent + paddings[axis]![0] + paddings[axis]![1]);
  if (x.size === 0) return splat(fill, shape, x.dtype);
  const before = paddings.map((pair) => pair[0]);
  const after = paddings.map((pair) => pair[1]);
  return pending('Pad', [x], shape, x.dtype, { before, after, fill });
}
