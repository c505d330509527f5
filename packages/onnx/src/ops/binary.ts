import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { isFloat, rangeOf, type ElementType } from '../format/element-types.js';
import { mapped } from '../run/host.js';
import { byConstants } from '../run/by-constants.js';
import { define, offTape, onDevice, type Call } from '../run/operators.js';
import { aligned, asItLies, repeated } from '../run/order.js';
import { deviceValue, dimsOf, hostValue, type HostValue, type Value } from '../run/value.js';

// Functions of two and more values, broadcast from the right.

type OnHost = (a: number, b: number) => number;
type OnDevice = (a: Tensor, b: Tensor) => Tensor;

function binary(names: string | readonly string[], host: OnHost, device: OnDevice, result?: ElementType): void {
  define(names, (call) => combined(call, operands(call), host, device, result));
}

function combined(call: Call, values: Value[], host: OnHost, device: OnDevice, result = values[0]!.type): Value {
  if (values.every((each): each is HostValue => each.kind === 'host')) return mapped(result, values, host);
  const { tensors, order } = aligned(call, values);
  const [a, b] = tensors as [Tensor, Tensor];
  const found = result === 'bool' ? offTape(() => device(a, b)) : (withConstant(values, a, b, device) ?? device(a, b));
  return deviceValue(result, found, order);
}

/** Gradients where the other operand is a constant: in the first, in the second. */
const gradients = new Map<OnDevice, readonly [(dy: Tensor, b: Tensor) => Tensor, (dy: Tensor, a: Tensor) => Tensor]>();

/** As one step of the tape, where one operand is a constant that is repeated over the other. */
function withConstant([x, y]: readonly Value[], a: Tensor, b: Tensor, device: OnDevice): Tensor | undefined {
  const found = gradients.get(device);
  if (!found || a.dtype !== 'float32' || b.dtype !== 'float32' || x!.isConstant === y!.isConstant) return undefined;
  const [free, constant] = x!.isConstant ? [b, a] : [a, b];
  const isRepeated =
    constant.rank <= free.rank &&
    constant.shape.every((side, i) => side === 1 || side === free.shape[i + free.rank - constant.rank]);
  if (!isRepeated) return undefined;
  if (x!.isConstant)
    return byConstants(
      b,
      (z) => device(a, z),
      (dy) => found[1](dy, a),
    );
  return byConstants(
    a,
    (z) => device(z, b),
    (dy) => found[0](dy, b),
  );
}

/** Before opset 7 the second operand's axes begin where `axis` says, and only if `broadcast` is set. */
function operands(call: Call): [Value, Value] {
  const [a, b] = [call.input(0), call.input(1)];
  const axis = call.attribute('axis');
  if (call.opset >= 7 || axis?.kind !== 'number') return [a, b];
  const missing = dimsOf(a).length - axis.value - dimsOf(b).length;
  return [a, withOnes(b, missing)];
}

function withOnes(value: Value, count: number): Value {
  const ones = Array<number>(count).fill(1);
  if (value.kind === 'host') return { ...value, dims: [...value.dims, ...ones] };
  const rank = value.order.length;
  return {
    ...value,
    tensor: tf.reshape(value.tensor, [...value.tensor.shape, ...ones]),
    order: [...value.order, ...ones.map((_, i) => rank + i)],
  };
}

/** a / b without its fraction, in the type of a. */
function truncatedQuotient(a: Tensor, b: Tensor): Tensor {
  const size = tf.floorDiv(tf.abs(a), tf.abs(b));
  const isNegative = tf.cast(tf.notEqual(tf.less(a, 0), tf.less(b, 0)), a.dtype);
  return tf.mul(size, tf.sub(1, tf.mul(2, isNegative)));
}

/** Of whole numbers, tfjs divides towards minus infinity. */
function truncatedDiv(a: Tensor, b: Tensor): Tensor {
  return a.dtype === 'float32' ? tf.div(a, b) : truncatedQuotient(a, b);
}

binary('Add', (a, b) => a + b, tf.add);
binary('Sub', (a, b) => a - b, tf.sub);
binary('Mul', (a, b) => a * b, tf.mul);
gradients.set(tf.add, [(dy) => tf.clone(dy), (dy) => tf.clone(dy)]);
gradients.set(tf.sub, [(dy) => tf.clone(dy), tf.neg]);
gradients.set(tf.mul, [tf.mul, tf.mul]);
define('Div', (call) => {
  const values = operands(call);
  const isWhole = !isFloat(values[0].type);
  return combined(call, values, (a, b) => (isWhole ? Math.trunc(a / b) : a / b), truncatedDiv);
});
define('Mod', (call) => {
  const isC = call.number('fmod', 0) === 1;
  const host: OnHost = isC ? (a, b) => a % b : (a, b) => a - Math.floor(a / b) * b;
  // The quotient is a staircase: its gradient, which tfjs takes for that of a / b, is 0.
  const quotient = (a: Tensor, b: Tensor): Tensor => offTape(() => (isC ? truncatedQuotient(a, b) : tf.floorDiv(a, b)));
  const device: OnDevice = (a, b) => tf.sub(a, tf.mul(quotient(a, b), b));
  return combined(call, operands(call), host, device);
});

/** Powers whose gradient by `tf.pow` is NaN at 0 or slow. */
const powers: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  '2': tf.square,
  '3': (x) => tf.mul(x, tf.square(x)),
  '0.5': tf.sqrt,
  '-0.5': tf.rsqrt,
  '-1': tf.reciprocal,
  '1': (x) => x,
};
define('Pow', (call) => {
  const [a, b] = operands(call);
  const exponent = b.kind === 'host' && b.data.length === 1 ? powers[String(b.data[0])] : undefined;
  if (a.kind === 'device' && exponent && isFloat(a.type)) return asItLies(a, exponent);
  return combined(call, [a, b], Math.pow, (x, y) => tf.pow(x, tf.cast(y, x.dtype)));
});

binary('Equal', (a, b) => Number(a === b), tf.equal, 'bool');
binary('Greater', (a, b) => Number(a > b), tf.greater, 'bool');
binary('Less', (a, b) => Number(a < b), tf.less, 'bool');
binary('GreaterOrEqual', (a, b) => Number(a >= b), tf.greaterEqual, 'bool');
binary('LessOrEqual', (a, b) => Number(a <= b), tf.lessEqual, 'bool');
binary('And', (a, b) => Number(a !== 0 && b !== 0), tf.logicalAnd, 'bool');
binary('Or', (a, b) => Number(a !== 0 || b !== 0), tf.logicalOr, 'bool');
binary('Xor', (a, b) => Number((a !== 0) !== (b !== 0)), tf.logicalXor, 'bool');
define('BitShift', (call) => {
  const factor = (b: Tensor): Tensor => tf.round(tf.pow(tf.scalar(2), tf.cast(b, 'float32')));
  const isLeft = call.text('direction', '') === 'LEFT';
  return combined(
    call,
    operands(call),
    (a, b) => (isLeft ? a * 2 ** b : Math.floor(a / 2 ** b)),
    (a, b) => tf.cast(isLeft ? tf.mul(a, factor(b)) : tf.floor(tf.div(tf.cast(a, 'float32'), factor(b))), 'int32'),
  );
});

/** Any number of operands, two at a time. */
function folded(name: string, host: OnHost, device: OnDevice, isRepeated = false): void {
  define(name, (call) => {
    const values = call.inputs.map((_, i) => call.input(i));
    if (values.every((each): each is HostValue => each.kind === 'host'))
      return values.slice(1).reduce((a, b) => mapped(a.type, [a, b], host), values[0]!);
    const { tensors, order } = (isRepeated ? repeated : aligned)(call, values);
    return deviceValue(values[0]!.type, tensors.slice(1).reduce(device, tensors[0]!), order);
  });
}
// tfjs' gradients of both are wrong where an operand on the tape is broadcast.
folded('Max', Math.max, tf.maximum, true);
folded('Min', Math.min, tf.minimum, true);
folded('Sum', (a, b) => a + b, tf.add);
define('Mean', (call) => {
  const { tensors, order } = repeated(
    call,
    call.inputs.map((_, i) => call.input(i)),
  );
  return deviceValue(
    call.input(0).type,
    tf.div(
      tensors.reduce((a, b) => tf.add(a, b)),
      tensors.length,
    ),
    order,
  );
});

define('Where', (call) => {
  const values = [call.input(0), call.input(1), call.input(2)];
  if (values.every((each): each is HostValue => each.kind === 'host'))
    return mapped(values[1]!.type, values, (is, a, b) => (is !== 0 ? a! : b!));
  const { tensors, order } = repeated(call, values);
  const [mask, a, b] = tensors as [Tensor, Tensor, Tensor];
  return deviceValue(values[1]!.type, chosen(tf.cast(mask, 'bool'), a, b), order);
});

/**
 * `tf.where` whose gradient is 0 where the other value was taken, also where that would be
 * 0 times infinity.
 */
export function chosen(mask: Tensor, a: Tensor, b: Tensor): Tensor {
  if (a.dtype !== 'float32') return tf.where(mask, a, b);
  return tf.customGrad((x, y, save) => {
    (save as (tensors: Tensor[]) => void)([mask]);
    return {
      value: tf.where(mask, x as Tensor, y as Tensor),
      gradFunc: (dy: Tensor, saved: Tensor[]) => [
        tf.where(saved[0]!, dy, tf.zerosLike(dy)),
        tf.where(saved[0]!, tf.zerosLike(dy), dy),
      ],
    };
  })(a, b);
}

define('PRelu', (call) => {
  const [x, slope] = [call.input(0), call.input(1)];
  // Before opset 9 a slope for each channel belongs to axis 1.
  const isPerChannel = call.opset < 9 && dimsOf(slope).length === 1 && dimsOf(x).length > 2;
  const fitting = isPerChannel ? withOnes(slope, dimsOf(x).length - 2) : slope;
  const { tensors, order } = aligned(call, [onDevice(call, x), fitting]);
  const [z, a] = tensors as [Tensor, Tensor];
  return deviceValue(x.type, tf.sub(tf.relu(z), tf.mul(a, tf.relu(tf.neg(z)))), order);
});

define('Clip', (call) => {
  const x = call.input(0);
  const isOld = call.opset < 11;
  const limit = (index: number, name: string, otherwise: number): number | undefined => {
    if (isOld) return call.number(name, otherwise);
    if (!call.has(index)) return otherwise;
    const known = call.known(index);
    return known?.data[0];
  };
  const [low, high] = [limit(1, 'min', -Infinity), limit(2, 'max', Infinity)];
  if (x.kind === 'host' && low !== undefined && high !== undefined)
    return mapped(x.type, [x], (value) => Math.min(Math.max(value, low), high));
  const value = onDevice(call, x);
  if (low === undefined || high === undefined) {
    // Limits that are computed from the data.
    const { tensors, order } = repeated(call, [x, call.has(1) ? call.input(1) : x, call.has(2) ? call.input(2) : x]);
    const [z, a, b] = tensors as [Tensor, Tensor, Tensor];
    const above = call.has(1) ? tf.maximum(z, a) : z;
    return deviceValue(x.type, call.has(2) ? tf.minimum(above, b) : above, order);
  }
  if (low > high) return asItLies(value, (z) => tf.fill(z.shape, high, z.dtype));
  if (value.tensor.dtype !== 'float32')
    return asItLies(value, (z) => {
      const [least, most] = rangeOf('int32');
      const within = (limit: number): Tensor => tf.scalar(Math.min(Math.max(limit, least), most), 'int32');
      return tf.minimum(tf.maximum(z, within(low)), within(high));
    });
  return asItLies(value, (z) => tf.clipByValue(z, low, high));
});

define(['Cast', 'CastLike'], (call) => {
  const to = call.node.operator === 'Cast' ? castTarget(call) : call.input(1).type;
  return cast(call, call.input(0), to);
});

const byNumber: Readonly<Record<number, ElementType>> = {
  ...{ 1: 'float32', 2: 'uint8', 3: 'int8', 4: 'uint16', 5: 'int16', 6: 'int32', 7: 'int64', 9: 'bool' },
  ...{ 10: 'float16', 11: 'float64', 12: 'uint32', 13: 'uint64', 16: 'bfloat16', 21: 'uint4', 22: 'int4' },
};

function castTarget(call: Call): ElementType {
  const number = call.number('to', 0);
  return byNumber[number] ?? call.unsupported(`type ${number}`);
}

/** Towards whole numbers truncates and wraps; towards bool is true where it is not 0. */
export function cast(call: Call, value: Value, to: ElementType): Value {
  if (value.type === to) return value;
  if (value.kind === 'host') {
    if (to === 'bool') return mapped(to, [value], (x) => Number(x !== 0));
    if (isFloat(to)) return hostValue(to, value.dims, value.data, value.isConstant);
    return mapped(to, [value], (x) => wrapped(Math.trunc(x), to));
  }
  const from = value.tensor.dtype;
  const type = to;
  if (to === 'bool') return asItLies(value, (x) => offTape(() => tf.notEqual(x, tf.zerosLike(x))), type);
  if (isFloat(to)) return from === 'float32' ? { ...value, type } : asItLies(value, (x) => tf.cast(x, 'float32'), type);
  if (from !== 'float32' && /^u?int(32|64)$/.test(to))
    return from === 'int32' ? { ...value, type } : asItLies(value, (x) => tf.cast(x, 'int32'), type);
  return asItLies(value, (x) => wrappedTensor(tf.cast(x, 'int32'), to), type);
}

/** A whole number in the range of its type, by dropping the bits above. */
export function wrapped(value: number, type: ElementType): number {
  const [low, high] = rangeOf(type);
  const width = high - low + 1;
  if (!Number.isFinite(value) || width > 2 ** 53) return Number.isFinite(value) ? value : 0;
  return ((((value - low) % width) + width) % width) + low;
}

function wrappedTensor(x: Tensor, type: ElementType): Tensor {
  if (/32|64/.test(type)) return x;
  const [low, high] = rangeOf(type);
  const width = high - low + 1;
  return tf.add(tf.mod(tf.sub(x, tf.scalar(low, 'int32')), tf.scalar(width, 'int32')), tf.scalar(low, 'int32'));
}
