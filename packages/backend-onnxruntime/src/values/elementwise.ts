import { backend_util } from '@tensorflow/tfjs-core';
import { pending, splat } from '../ir/create.js';
import { sameShape } from '../ir/shape.js';
import type { Attributes, NumericType, Shape, Value } from '../ir/value.js';

/** `value` repeated to `shape` by broadcasting. */
export function expand(value: Value, shape: Shape): Value {
  if (sameShape(value.shape, shape)) return value;
  if (value.splat !== null) return splat(value.splat, shape, value.dtype, value.isDerived);
  if (value.node?.op === 'Expand') return expand(value.node.inputs[0]!, shape);
  return pending('Expand', [value], shape, value.dtype, { shape });
}

/**
 * Records an elementwise op of any number of operands. Broadcasts are taken off the operands and,
 * where the result needs them, put on the result: the gradients of sums multiply by full arrays of
 * ones.
 */
export function elementwise(op: string, operands: Value[], dtype: NumericType, attributes: Attributes = {}): Value {
  let shape: Shape = operands[0]!.shape;
  for (const operand of operands.slice(1))
    shape = backend_util.assertAndGetBroadcastShape(shape as number[], operand.shape as number[]);
  let narrow: Shape = [];
  const stripped = operands.map((operand) => {
    const source = withoutExpand(operand);
    if (source.splat === null)
      narrow = backend_util.assertAndGetBroadcastShape(narrow as number[], source.shape as number[]);
    return source;
  });
  return expand(pending(op, stripped, narrow, dtype, attributes), shape);
}

/**
 * Whether `value` always is `number`: a changing factor that happens to be 1 must not change the
 * graph.
 */
const isNumber = (value: Value, number: number): boolean => !value.isDerived && Object.is(value.splat, number);

function broadcast(a: Value, b: Value): Shape {
  return backend_util.assertAndGetBroadcastShape(a.shape as number[], b.shape as number[]);
}

/** Both operands must have the same numeric type already. */
export function add(a: Value, b: Value): Value {
  if (isNumber(b, 0)) return expand(a, broadcast(a, b));
  if (isNumber(a, 0)) return expand(b, broadcast(a, b));
  return fold(a, b, (x, y) => x + y) ?? elementwise('Add', [a, b], a.dtype);
}

export function subtract(a: Value, b: Value): Value {
  if (isNumber(b, 0)) return expand(a, broadcast(a, b));
  return fold(a, b, (x, y) => x - y) ?? elementwise('Sub', [a, b], a.dtype);
}

export function multiply(a: Value, b: Value): Value {
  if (isNumber(b, 1)) return expand(a, broadcast(a, b));
  if (isNumber(a, 1)) return expand(b, broadcast(a, b));
  return fold(a, b, (x, y) => x * y) ?? rescale(a, b) ?? rescale(b, a) ?? elementwise('Mul', [a, b], a.dtype);
}

/**
 * (image * vector) * vector as image * (vector * vector): one pass over the image instead of two.
 */
function rescale(product: Value, factor: Value): Value | null {
  const scale = channelScale(product);
  const vector = withoutExpand(factor);
  if (!scale || !isChannelVector(vector, product.shape)) return null;
  const both = multiply(asNumber(scale.vector), asNumber(vector));
  // Two constants may leave the range of floats together.
  if (both.splat !== null && !(Number.isFinite(both.splat) && Math.abs(both.splat) > smallestNormal)) return null;
  return multiply(scale.image, both);
}

const smallestNormal = 2 ** -126;

/** A repeated number as a scalar, which broadcasts like it. */
function asNumber(value: Value): Value {
  return value.splat === null ? value : splat(value.splat, [], value.dtype, value.isDerived);
}

/**
 * The negative of an image times a vector over its channels is the image times the vector's
 * negative.
 */
export function negate(value: Value): Value {
  const scale = channelScale(value);
  return scale ? multiply(scale.image, negate(asNumber(scale.vector))) : elementwise('Neg', [value], value.dtype);
}

/**
 * A product of images and vectors over their channels with all vectors in one factor, so that a sum
 * over pixels can be taken before it; null when there are none.
 */
export function factorOut(value: Value): ChannelScale | null {
  const scale = channelScale(value);
  if (scale) {
    const inner = factorOut(scale.image);
    return inner ? { image: inner.image, vector: multiply(inner.vector, asNumber(scale.vector)) } : scale;
  }
  const { node } = value;
  if (node?.op !== 'Mul' || value.shape.length !== 4 || value.dtype !== 'float32') return null;
  const [a, b] = node.inputs as [Value, Value];
  if (!sameShape(a.shape, value.shape) || !sameShape(b.shape, value.shape)) return null;
  const [left, right] = [channelScale(a), channelScale(b)];
  if (!left && !right) return null;
  const image = multiply(left?.image ?? a, right?.image ?? b);
  const vector = left && right ? multiply(asNumber(left.vector), asNumber(right.vector)) : (left ?? right)!.vector;
  return { image, vector: asNumber(vector) };
}

/** Floats only. */
export function divide(a: Value, b: Value): Value {
  if (isNumber(b, 1)) return expand(a, broadcast(a, b));
  return fold(a, b, (x, y) => x / y) ?? elementwise('Div', [a, b], a.dtype);
}

/** Arithmetic on two repeated floats happens at once. */
function fold(a: Value, b: Value, compute: (x: number, y: number) => number): Value | null {
  if (a.splat === null || b.splat === null || a.dtype !== 'float32') return null;
  return splat(Math.fround(compute(a.splat, b.splat)), broadcast(a, b), 'float32', true);
}

/** `value` with another element type, by tfjs' rules: to int32 truncates, to bool is `!= 0`. */
export function cast(value: Value, dtype: NumericType): Value {
  if (value.dtype === dtype) return value;
  if (value.splat !== null) {
    const number = dtype === 'int32' ? value.splat | 0 : dtype === 'bool' ? Number(value.splat !== 0) : value.splat;
    return splat(number, value.shape, dtype, value.isDerived);
  }
  return elementwise('Cast', [value], dtype, { dtype });
}

/**
 * An image times one number per channel, or one for all: what normalisation and its gradient are
 * made of.
 */
interface ChannelScale {
  readonly image: Value;
  readonly vector: Value;
}

/** `value` without the broadcast around it. */
function withoutExpand(value: Value): Value {
  return value.node?.op === 'Expand' ? value.node.inputs[0]! : value;
}

/** Whether `value` has one number per channel of `shape` (NHWC), or one number for all. */
function isChannelVector(value: Value, shape: Shape): boolean {
  const channels = shape[shape.length - 1]!;
  if (value.splat !== null || value.size === 1) return true;
  return value.size === channels && value.shape[value.shape.length - 1] === channels;
}

/**
 * The factors of a recorded product of an image and a vector over its channels; null for anything
 * else. An image of one pixel is a vector itself: with it, either factor could be either, without
 * end.
 */
function channelScale(value: Value): ChannelScale | null {
  const { node } = value;
  if (node?.op !== 'Mul' || value.shape.length !== 4 || value.dtype !== 'float32') return null;
  if (value.size === value.shape[3]) return null;
  const [a, b] = node.inputs as [Value, Value];
  if (a.size === value.size && a.splat === null && isChannelVector(b, value.shape)) return { image: a, vector: b };
  if (b.size === value.size && b.splat === null && isChannelVector(a, value.shape)) return { image: b, vector: a };
  return null;
}
