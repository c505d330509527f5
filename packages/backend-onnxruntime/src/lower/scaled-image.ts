import { sameShape } from '../ir/shape.js';
import type { Value } from '../ir/value.js';
import { blockedDomain } from '../onnx/builder.js';
import { lowerNode } from './define.js';
import type { Lowering } from './lowering.js';

/**
 * An image times one number per channel, plus another image, plus one number per channel, cut at
 * zero: what batch normalisation and its gradient are made of. All but the image may be missing.
 */
export interface ScaledImage {
  /** The recorded ops, in their order; the last is the result. */
  readonly ops: readonly Value[];
  readonly image: Value;
  readonly factor: Value | null;
  readonly sum: Value | null;
  readonly offset: Value | null;
  readonly isOffsetSubtracted: boolean;
  readonly relu: boolean;
}

const single = { factor: null, sum: null, offset: null, isOffsetSubtracted: false, relu: false };

/** The scaled image that one op makes of its inputs, or null. */
export function scaledImageOf(value: Value): ScaledImage | null {
  const { node } = value;
  if (!node || value.shape.length !== 4 || value.dtype !== 'float32') return null;
  const [a, b] = node.inputs as [Value, Value];
  if (node.op === 'Sub')
    return isImage(a, value) && isVector(b, value)
      ? { ...single, ops: [value], image: a, offset: b, isOffsetSubtracted: true }
      : null;
  if (node.op !== 'Mul' && node.op !== 'Add') return null;
  const part = node.op === 'Mul' ? 'factor' : 'offset';
  if (isImage(a, value) && isVector(b, value)) return { ...single, ops: [value], image: a, [part]: b };
  if (isImage(b, value) && isVector(a, value)) return { ...single, ops: [value], image: b, [part]: a };
  return null;
}

/**
 * `scaled` with one more op, whose other input is `other`; null where the order of the parts would
 * be another.
 */
export function extended(scaled: ScaledImage, value: Value, other: Value | undefined): ScaledImage | null {
  if (scaled.relu) return null;
  const ops = [...scaled.ops, value];
  if (value.node!.op === 'Relu') return { ...scaled, ops, relu: true };
  if (value.node!.op !== 'Add' || !other || scaled.offset) return null;
  if (isVector(other, value)) return { ...scaled, ops, offset: other };
  return isImage(other, value) && !scaled.sum ? { ...scaled, ops, sum: other } : null;
}

function isImage(value: Value, result: Value): boolean {
  return value.splat === null && sameShape(value.shape, result.shape) && value.size > value.shape[3]!;
}

function isVector(value: Value, result: Value): boolean {
  const channels = result.shape[3]!;
  return value.splat === null && value.size === channels && value.shape[value.shape.length - 1] === channels;
}

/**
 * As a depthwise convolution with a window of one pixel, which ONNX Runtime computes in one pass;
 * its broadcasting ops take one pass each, and walk over blocks in short runs. The bits are those
 * of the separate ops, but for the sign of zeros. Images that are not blocked are left to those.
 */
export function lowerScaledImage(lowering: Lowering, scaled: ScaledImage): void {
  const { ops, image, factor, sum, offset, isOffsetSubtracted, relu } = scaled;
  const result = ops[ops.length - 1]!;
  if (!lowering.canBlock(image) || !lowering.has(image, 'blocked')) {
    for (const op of ops) lowerNode(lowering, op);
    return;
  }
  const { graph } = lowering;
  const channels = image.shape[3]!;
  const extents = [channels, 1, 1, 1];
  const full = (number: number, shape: readonly number[]): string =>
    graph.emit('Expand', [graph.constant('float32', [], [number]), graph.indices(shape)]);
  const weights = factor ? graph.reshape(lowering.plain(factor), extents) : full(1, extents);
  const inputs = [lowering.form(image, 'blocked'), weights];
  if (offset) {
    const vector = graph.reshape(lowering.plain(offset), [channels]);
    inputs.push(isOffsetSubtracted ? graph.emit('Neg', [vector]) : vector);
  } else if (sum) inputs.push(full(0, [channels]));
  if (sum) inputs.push(lowering.form(sum, 'blocked'));
  const window = { kernel_shape: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], group: channels };
  const attributes = relu ? { ...window, activation: 'Relu' } : window;
  lowering.provide(result, 'blocked', graph.emit('Conv', inputs, attributes, blockedDomain));
}
