import { keyOf } from './key.js';
import { sizeOf } from './shape.js';
import type { Attributes, Buffer, NumericArray, NumericType, Shape, Value } from './value.js';

let nextId = 1;

/** The id of the value made last: what has a greater one was made later. */
export function newestId(): number {
  return nextId - 1;
}

/** Switched on by the `debug` option: nodes then remember the stack that recorded them. */
export const recording = { keepStacks: false };

function bare(dtype: NumericType, shape: Shape, splat: number | null, isDerived = false): Value {
  return {
    id: nextId++,
    dtype,
    shape,
    size: sizeOf(shape),
    node: null,
    buffer: null,
    splat,
    isDerived,
    owners: 0,
    view: null,
    relu: null,
    filterRuns: 0,
    derived: null,
    mark: 0,
    position: 0,
  };
}

/** Deep enough for the caller's own lines: tfjs alone puts ten frames on top of them. */
function currentStack(title: string): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  const { stack } = new Error(title);
  Error.stackTraceLimit = limit;
  return stack;
}

/** A pending result of `op`. */
export function pending(
  op: string,
  inputs: readonly Value[],
  shape: Shape,
  dtype: NumericType,
  attributes: Attributes = {},
): Value {
  const value = bare(dtype, shape, null);
  const stack = recording.keepStacks ? currentStack(op) : undefined;
  value.node = { op, inputs, attributes, key: keyOf(op, attributes, shape, dtype), stack };
  return value;
}

export function bufferOf(array: NumericArray, isPoolable: boolean): Buffer {
  return { array, here: array, device: null, holders: 0, isPoolable, isRecycled: false };
}

/** A computed array. */
export function computed(buffer: Buffer, shape: Shape, dtype: NumericType): Value {
  const value = bare(dtype, shape, null);
  value.buffer = buffer;
  return value;
}

/**
 * Whether a remembered value can still be used: it is pending, a splat, or its memory is its own.
 */
export function isUsable(value: Value | null): value is Value {
  return value !== null && value.buffer?.isRecycled !== true;
}

/** `number` repeated over `shape`. */
export function splat(number: number, shape: Shape, dtype: NumericType, isDerived = false): Value {
  return bare(dtype, shape, number, isDerived);
}
