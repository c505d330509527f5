import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { hostArray, isFloat, rangeOf, type ElementType, type HostArray } from '../format/element-types.js';

/** Values that are known without an input: weights, shapes, indices. */
export interface HostValue {
  readonly kind: 'host';
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: HostArray;
  /** Whether it is the same at every run. */
  readonly isConstant: boolean;
}

/**
 * Values in a tensor, whose axes may lie in another order than the file says: place `p` of the
 * tensor has axis `order[p]`. So a transposition costs nothing, and images stay as convolutions
 * want them.
 */
export interface DeviceValue {
  readonly kind: 'device';
  readonly type: ElementType;
  readonly tensor: Tensor;
  readonly order: readonly number[];
  /** Whether it depends on no input. */
  readonly isConstant: boolean;
}

export type Value = HostValue | DeviceValue;

/** Sides in the order of the file. */
export function dimsOf(value: Value): number[] {
  if (value.kind === 'host') return [...value.dims];
  const dims: number[] = [];
  value.order.forEach((axis, place) => (dims[axis] = value.tensor.shape[place]!));
  return dims;
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, side) => product * side, 1);
}

/** 0, 1, 2 ... */
export function inOrder(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

export function hostValue(
  type: ElementType,
  dims: readonly number[],
  data: ArrayLike<number>,
  isConstant = false,
): HostValue {
  const array = hostArray(type, data.length);
  const kept = data.constructor === array.constructor ? (data as HostArray) : (array.set(data), array);
  return { kind: 'host', type, dims, data: kept, isConstant };
}

/** `tensor` has its axes in the file's order unless `order` says otherwise. */
export function deviceValue(type: ElementType, tensor: Tensor, order?: readonly number[]): DeviceValue {
  return { kind: 'device', type, tensor, order: order ?? inOrder(tensor.rank), isConstant: false };
}

/** The type in which a tensor holds values. */
export function dtypeOf(type: ElementType): 'float32' | 'int32' | 'bool' {
  if (isFloat(type)) return 'float32';
  return type === 'bool' ? 'bool' : 'int32';
}

/** A tensor of host values; whole numbers beyond 32 bits end at their limits. */
export function upload({ type, dims, data }: HostValue): Tensor {
  const dtype = dtypeOf(type);
  const shape = [...dims];
  if (dtype === 'float32')
    return tf.tensor(data instanceof Float32Array ? data : Float32Array.from(data), shape, dtype);
  if (dtype === 'bool') return tf.tensor(Uint8Array.from(data), shape, dtype);
  const [low, high] = rangeOf('int32');
  return tf.tensor(
    data instanceof Int32Array ? data : Int32Array.from(data, (v) => Math.min(Math.max(v, low), high)),
    shape,
    dtype,
  );
}

/**
 * The tensor with its axes at other places: those that are longer than one keep their order where
 * they can, which needs no transposition.
 */
export function arranged({ tensor, order }: DeviceValue, wanted: readonly number[]): Tensor {
  if (order.every((axis, place) => axis === wanted[place])) return tensor;
  const places = wanted.map((axis) => order.indexOf(axis));
  const long = places.filter((place) => tensor.shape[place] !== 1);
  if (long.every((place, i) => i === 0 || long[i - 1]! < place))
    return tf.reshape(
      tensor,
      places.map((place) => tensor.shape[place]!),
    );
  return tf.transpose(tensor, places);
}
