import { computed, isUsable, pending, splat } from '../ir/create.js';
import { sameShape } from '../ir/shape.js';
import type { Shape, Value } from '../ir/value.js';

/** The same elements in another shape. */
export function reshape(value: Value, shape: Shape): Value {
  if (sameShape(value.shape, shape)) return value;
  if (value.splat !== null) return splat(value.splat, shape, value.dtype, value.isDerived);
  const known = value.view;
  // A view recorded before its base was computed would cost a copy in the graph.
  if (isUsable(known) && sameShape(known.shape, shape) && (known.node === null) === (value.node === null)) return known;
  let view: Value;
  if (value.buffer) {
    view = computed(value.buffer, shape, value.dtype);
  } else if (value.node?.op === 'Reshape') {
    return reshape(value.node.inputs[0]!, shape);
  } else {
    view = pending('Reshape', [value], shape, value.dtype, { shape });
  }
  value.view = view;
  return view;
}

export function transpose(value: Value, permutation: readonly number[]): Value {
  const shape = permutation.map((axis) => value.shape[axis]!);
  if (permutation.every((axis, index) => axis === index)) return value;
  if (value.splat !== null) return splat(value.splat, shape, value.dtype, value.isDerived);
  // Moving axes of extent one moves no element.
  const moved = permutation.filter((axis) => value.shape[axis] !== 1);
  if (moved.every((axis, index) => index === 0 || axis > moved[index - 1]!)) return reshape(value, shape);
  return pending('Transpose', [value], shape, value.dtype, { permutation });
}

/** The part of `size` elements per axis that starts at `begin`. */
export function slice(x: Value, begin: readonly number[], size: readonly number[]): Value {
  if (x.splat !== null) return splat(x.splat, size, x.dtype, x.isDerived);
  if (size.every((extent, axis) => extent === x.shape[axis])) return x;
  return pending('Slice', [x], size, x.dtype, { begin });
}

/**
 * `fill` before and after the elements of every axis; not for bool, which ONNX Runtime does not
 * pad.
 */
export function pad(x: Value, paddings: readonly (readonly [before: number, after: number])[], fill: number): Value {
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((extent, axis) => extent + paddings[axis]![0] + paddings[axis]![1]);
  if (x.size === 0) return splat(fill, shape, x.dtype);
  const before = paddings.map((pair) => pair[0]);
  const after = paddings.map((pair) => pair[1]);
  return pending('Pad', [x], shape, x.dtype, { before, after, fill });
}
