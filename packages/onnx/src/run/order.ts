import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Call } from './operators.js';
import { broadcastDims } from './host.js';
import { deviceValue, dimsOf, inOrder, type DeviceValue, type Value } from './value.js';

/** Where images lie: batch, height, width, channels. */
export function channelsLast(rank: number): number[] {
  return [0, ...inOrder(rank).slice(2), 1];
}

/** The value with further axes of length 1 in front. */
function ofRank(value: Value, rank: number): Value {
  const more = rank - dimsOf(value).length;
  if (more === 0) return value;
  const ones = Array<number>(more).fill(1);
  if (value.kind === 'host') return { ...value, dims: [...ones, ...value.dims] };
  const order = [...inOrder(more), ...value.order.map((axis) => axis + more)];
  return { ...value, tensor: tf.reshape(value.tensor, [...ones, ...value.tensor.shape]), order };
}

/**
 * Operands of an elementwise operation with their axes at the same places: where those of the
 * largest operand on the device lie.
 */
export function aligned(call: Call, values: readonly Value[]): { tensors: Tensor[]; order: number[]; dims: number[] } {
  const dims = broadcastDims(...values.map(dimsOf));
  const rank = dims.length;
  const devices = values.filter((each): each is DeviceValue => each.kind === 'device' && each.order.length === rank);
  const largest = devices.reduce<DeviceValue | undefined>(
    (best, each) => (!best || each.tensor.size > best.tensor.size ? each : best),
    undefined,
  );
  const order = largest ? [...largest.order] : inOrder(rank);
  return { tensors: values.map((each) => call.tensorOf(ofRank(each, rank), order)), order, dims };
}

/** As `aligned`, each operand repeated to the full shape: tfjs' gradients of some operations need that. */
export function repeated(call: Call, values: readonly Value[]): { tensors: Tensor[]; order: number[] } {
  const { tensors, order, dims } = aligned(call, values);
  const shape = order.map((axis) => dims[axis]!);
  return { tensors: tensors.map((each) => broadcastTo(each, shape)), order };
}

export function broadcastTo(tensor: Tensor, shape: number[]): Tensor {
  return tensor.shape.join() === shape.join() ? tensor : tf.broadcastTo(tensor, shape);
}

/** The result of `f` on the tensor as it lies, whose axes stay where they are. */
export function asItLies(value: DeviceValue, f: (tensor: Tensor) => Tensor, type = value.type): DeviceValue {
  return deviceValue(type, f(value.tensor), value.order);
}
