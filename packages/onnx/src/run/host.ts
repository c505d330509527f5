import { hostArray, type ElementType } from '../format/element-types.js';
import { mostValues } from '../format/tensor-data.js';
import { OnnxError } from '../errors.js';
import { hostValue, inOrder, sizeOf, type HostValue } from './value.js';

/** How far apart neighbours along each axis lie. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * dims[axis + 1]!;
  return strides;
}

/** The shape of a broadcast of shapes, from the right. @throws OnnxError when they do not fit. */
export function broadcastDims(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return inOrder(rank).map((axis) => {
    const sides = shapes.map((dims) => dims[axis - rank + dims.length] ?? 1);
    const side = sides.find((each) => each !== 1) ?? 1;
    if (sides.some((each) => each !== 1 && each !== side))
      throw new OnnxError(
        'ADVROB_ONNX_INPUT',
        `shapes do not fit: ${shapes.map((dims) => `[${dims.join()}]`).join(', ')}`,
      );
    return side;
  });
}

/** Flat places in an array of `dims` that a view with `shape`, `strides` and `offset` visits in order. */
export function places(shape: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  const count = sizeOf(shape);
  if (count > mostValues)
    throw new OnnxError('ADVROB_ONNX_FILE', `a value of ${count} elements, more than ${mostValues}`);
  const found = new Int32Array(count);
  const at = shape.map(() => 0);
  let place = offset;
  for (let i = 0; i < count; i++) {
    found[i] = place;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at[axis]!++;
      place += strides[axis]!;
      if (at[axis]! < shape[axis]!) break;
      place -= strides[axis]! * shape[axis]!;
      at[axis] = 0;
    }
  }
  return found;
}

/** The values at flat places, in a new shape. */
export function taken(
  { type, data, isConstant }: HostValue,
  dims: readonly number[],
  at: ArrayLike<number>,
): HostValue {
  const found = hostArray(type, at.length);
  for (let i = 0; i < at.length; i++) found[i] = data[at[i]!]!;
  return { kind: 'host', type, dims, data: found, isConstant };
}

export function reshaped(value: HostValue, dims: readonly number[]): HostValue {
  return { ...value, dims };
}

export function transposed(value: HostValue, axes: readonly number[]): HostValue {
  const strides = stridesOf(value.dims);
  const dims = axes.map((axis) => value.dims[axis]!);
  return taken(
    value,
    dims,
    places(
      dims,
      axes.map((axis) => strides[axis]!),
    ),
  );
}

export function broadcast(value: HostValue, dims: readonly number[]): HostValue {
  const own = stridesOf(value.dims);
  const offset = dims.length - value.dims.length;
  const strides = dims.map((_, axis) => (axis < offset || value.dims[axis - offset] === 1 ? 0 : own[axis - offset]!));
  return taken(value, dims, places(dims, strides));
}

/** One value from each of the operands, which are broadcast first. */
export function mapped(type: ElementType, values: readonly HostValue[], f: (...of: number[]) => number): HostValue {
  const dims = broadcastDims(...values.map((each) => each.dims));
  const operands = values.map((each) => (sizeOf(each.dims) === sizeOf(dims) ? each : broadcast(each, dims)).data);
  const data = hostArray(type, sizeOf(dims));
  const [a, b] = operands;
  if (operands.length === 1) for (let i = 0; i < data.length; i++) data[i] = f(a![i]!);
  else if (operands.length === 2) for (let i = 0; i < data.length; i++) data[i] = f(a![i]!, b![i]!);
  else for (let i = 0; i < data.length; i++) data[i] = f(...operands.map((each) => each[i]!));
  return { kind: 'host', type, dims, data, isConstant: values.every((each) => each.isConstant) };
}

export function concatenated(values: readonly HostValue[], axis: number): HostValue {
  const [{ type, dims }] = values as [HostValue];
  const inner = sizeOf(dims.slice(axis + 1));
  const outer = sizeOf(dims.slice(0, axis));
  const length = values.reduce((sum, each) => sum + each.dims[axis]!, 0);
  const data = hostArray(type, outer * length * inner);
  let at = 0;
  for (let row = 0; row < outer; row++)
    for (const each of values) {
      const run = each.dims[axis]! * inner;
      data.set(each.data.subarray(row * run, (row + 1) * run), at);
      at += run;
    }
  const joined = dims.map((side, i) => (i === axis ? length : side));
  return { kind: 'host', type, dims: joined, data, isConstant: values.every((each) => each.isConstant) };
}

/** Folds one or more axes by `f`, starting from `start`; the axes stay with length 1. */
export function reduced(
  value: HostValue,
  axes: readonly number[],
  start: number,
  f: (sum: number, next: number) => number,
): HostValue {
  const dims = value.dims.map((side, axis) => (axes.includes(axis) ? 1 : side));
  const strides = stridesOf(dims).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  const at = places(value.dims, strides);
  const data = hostArray('float64', sizeOf(dims)).fill(start);
  for (let i = 0; i < at.length; i++) data[at[i]!] = f(data[at[i]!]!, value.data[i]!);
  return hostValue(
    value.type,
    dims,
    hostArray(value.type, data.length).map((_, i) => data[i]!),
    value.isConstant,
  );
}
