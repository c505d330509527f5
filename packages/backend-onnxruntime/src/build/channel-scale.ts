import type { Shape, Value } from '../ir/value.js';

/** An image times one number per channel, or one for all: what normalisation and its gradient are made of. */
export interface ChannelScale {
  readonly image: Value;
  readonly vector: Value;
}

/** `value` without the broadcast around it. */
export function withoutExpand(value: Value): Value {
  return value.node?.op === 'Expand' ? value.node.inputs[0]! : value;
}

/** Whether `value` has one number per channel of `shape` (NHWC), or one number for all. */
export function isChannelVector(value: Value, shape: Shape): boolean {
  const channels = shape[shape.length - 1]!;
  if (value.splat !== null || value.size === 1) return true;
  return value.size === channels && value.shape[value.shape.length - 1] === channels;
}

/**
 * The factors of a recorded product of an image and a vector over its channels; null for anything else. An image of one pixel is a vector itself: with
 * it, either factor could be either, without end.
 */
export function channelScale(value: Value): ChannelScale | null {
  const { node } = value;
  if (node?.op !== 'Mul' || value.shape.length !== 4 || value.dtype !== 'float32') return null;
  if (value.size === value.shape[3]) return null;
  const [a, b] = node.inputs as [Value, Value];
  if (a.size === value.size && a.splat === null && isChannelVector(b, value.shape)) return { image: a, vector: b };
  if (b.size === value.size && b.splat === null && isChannelVector(a, value.shape)) return { image: b, vector: a };
  return null;
}
