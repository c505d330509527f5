import type { Tensor } from '@tensorflow/tfjs-core';
import type { Value } from '../ir/value.js';

/** What tfjs' shape checks look at, for the functions that ask for a tensor. */
export function asTensorInfo(value: Value): Tensor {
  return { shape: value.shape, dtype: value.dtype, rank: value.shape.length, size: value.size } as unknown as Tensor;
}

/** The rows of `length` indices that are known without computing anything: a repeated one, or all, or none. */
export function* knownRows(indices: Value, length: number): Generator<number[]> {
  if (indices.size === 0) return;
  if (indices.splat !== null) yield new Array<number>(length).fill(indices.splat);
  const array = indices.buffer?.array ?? [];
  for (let start = 0; start < array.length; start += length)
    yield Array.from({ length }, (_, index) => array[start + index]!);
}

/** @throws tfjs' error when a position that is known now lies outside `shape`; ONNX Runtime checks the others. */
export function checkPositions(indices: Value, depth: number, shape: readonly number[]): void {
  for (const row of knownRows(indices, depth))
    if (row.some((index, axis) => index < 0 || index >= shape[axis]!))
      throw new Error(`Invalid indices: ${row} does not index into ${shape}`);
}
