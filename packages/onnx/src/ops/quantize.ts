import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { rangeOf, type ElementType } from '../format/element-types.js';
import { Call, axisOf, define, offTape, onDevice } from '../run/operators.js';
import { asItLies } from '../run/order.js';
import { deviceValue, dimsOf, sizeOf, type DeviceValue, type Value } from '../run/value.js';
import { convolve, fromImage, windowOf } from './conv.js';
import { matMul } from './linear.js';

// Quantised values. Forward exact; the gradient of a rounding is that of the identity within its
// range and 0 outside (straight through), an estimate.

/** `clip(round(x) + zero)` as float values, with the gradient of a clipped identity. */
function roundedInto(x: Tensor, zero: Tensor | number, type: ElementType): Tensor {
  const [low, high] = rangeOf(type);
  return tf.customGrad((z, save) => {
    const moved = tf.add(tf.round(z as Tensor), zero);
    (save as (tensors: Tensor[]) => void)([moved]);
    return {
      value: tf.clipByValue(moved, low, high),
      gradFunc: (dy: Tensor, [all]: Tensor[]) => {
        const isInside = tf.logicalAnd(tf.greaterEqual(all!, low), tf.lessEqual(all!, high));
        return tf.mul(dy, tf.cast(isInside, 'float32'));
      },
    };
  })(x);
}

/** Scale or zero point: one number, one for each place of an axis, or one for each block of it. */
function spread(call: Call, index: number, x: DeviceValue, axis: number, block: number): Tensor {
  const value = call.input(index);
  const dims = dimsOf(value);
  if (sizeOf(dims) === 1) return tf.reshape(tf.cast(call.tensorOf(value), 'float32'), []);
  if (dims.length === 1)
    return tf.reshape(
      tf.cast(call.tensorOf(value), 'float32'),
      x.order.map((each) => (each === axis ? dims[0]! : 1)),
    );
  const wanted = dimsOf(x);
  const tensor = tf.cast(call.tensorOf(value), 'float32');
  const [outer, inner] = [sizeOf(dims.slice(0, axis)), sizeOf(dims.slice(axis + 1))];
  const wide = tf.broadcastTo(tf.reshape(tensor, [outer, dims[axis]!, 1, inner]), [outer, dims[axis]!, block, inner]);
  const whole = tf.slice(tf.reshape(wide, [outer, dims[axis]! * block, inner]), [0, 0, 0], [-1, wanted[axis]!, -1]);
  return tf.transpose(tf.reshape(whole, wanted), [...x.order]);
}

/**
 * Quantised values stay floats on the tape: whole numbers have no gradient. Their type is kept
 * beside.
 */
define('QuantizeLinear', (call) => {
  const x = onDevice(call, call.input(0));
  const axis = axisOf(call.number('axis', 1), Math.max(x.order.length, 2));
  const block = call.number('block_size', 0);
  const named = ({ 2: 'uint8', 3: 'int8', 4: 'uint16', 5: 'int16', 21: 'uint4', 22: 'int4' } as const)[
    call.number('output_dtype', 0) as 2
  ];
  const type = call.has(2) ? call.input(2).type : (named ?? 'uint8');
  const scale = spread(call, 1, x, axis, block);
  const zero = call.has(2) ? spread(call, 2, x, axis, block) : 0;
  return deviceValue(type, roundedInto(tf.div(tf.cast(x.tensor, 'float32'), scale), zero, type), x.order);
});

define('DequantizeLinear', (call) => {
  const x = onDevice(call, call.input(0));
  const axis = axisOf(call.number('axis', 1), Math.max(x.order.length, 2));
  const block = call.number('block_size', 0);
  const floats = tf.cast(x.tensor, 'float32');
  const centred = call.has(2) ? tf.sub(floats, spread(call, 2, x, axis, block)) : floats;
  return deviceValue(call.input(1).type, tf.mul(centred, spread(call, 1, x, axis, block)), x.order);
});

define('DynamicQuantizeLinear', (call) => {
  const x = onDevice(call, call.input(0));
  const [low, high] = [tf.minimum(tf.min(x.tensor), 0), tf.maximum(tf.max(x.tensor), 0)];
  const raw = tf.div(tf.sub(high, low), 255);
  const scale = tf.where(
    offTape(() => tf.equal(raw, 0)),
    tf.onesLike(raw),
    raw,
  );
  const zero = roundedInto(tf.div(tf.neg(low), scale), 0, 'uint8');
  const found = roundedInto(tf.div(x.tensor, scale), zero, 'uint8');
  return [deviceValue('uint8', found, x.order), deviceValue('float32', scale), deviceValue('uint8', zero)];
});

/** The real values of a quantised input, whose scale and zero point are the inputs after it. */
function real(call: Call, index: number, axis = 1, scale = index + 1, zero = index + 2): DeviceValue {
  const x = onDevice(call, call.input(index));
  const floats = tf.cast(x.tensor, 'float32');
  const centred = call.has(zero) ? tf.sub(floats, spread(call, zero, x, axis, 0)) : floats;
  return deviceValue('float32', scale < 0 ? centred : tf.mul(centred, spread(call, scale, x, axis, 0)), x.order);
}

/** A real value as a quantised output whose scale and zero point are inputs. */
function quantised(call: Call, value: DeviceValue, scale: number, zero: number): DeviceValue {
  const type = call.has(zero) ? call.input(zero).type : 'uint8';
  const found = tf.div(value.tensor, spread(call, scale, value, 1, 0));
  return deviceValue(type, roundedInto(found, call.has(zero) ? spread(call, zero, value, 1, 0) : 0, type), value.order);
}

/** The call with other inputs, for operators that are made of others. */
function withInputs(call: Call, inputs: readonly (Value | undefined)[]): Call {
  return new Call(call.node, inputs, call.kept, call.batch, call.branch);
}

/** A constant stays one, so that its filter is made once. */
function constantly(call: Call, index: number, make: () => DeviceValue): DeviceValue {
  const isConstant = call.inputs.slice(index, index + 3).every((each) => !each || each.isConstant);
  if (!isConstant) return make();
  const order = onDevice(call, call.input(index)).order;
  return {
    ...deviceValue(
      'float32',
      call.kept.get(call.node, `real ${index}`, () => make().tensor),
      order,
    ),
    isConstant: true,
  };
}

define('QLinearConv', (call) => {
  const x = real(call, 0);
  const filter = constantly(call, 3, () => real(call, 3, 0));
  const inner = withInputs(call, [x, filter]);
  const dims = dimsOf(x);
  const window = windowOf(call, dims.slice(2), dimsOf(filter).slice(2));
  let found = convolve(inner, x, 1, window, call.number('group', 1));
  if (call.has(8)) {
    // The bias is in units of both scales.
    const scale = tf.mul(tf.cast(call.tensor(1), 'float32'), tf.cast(call.tensor(4), 'float32'));
    found = tf.add(found, tf.mul(tf.cast(call.tensor(8), 'float32'), scale));
  }
  return quantised(call, fromImage('float32', found, dims.length), 6, 7);
});

define('ConvInteger', (call) => {
  const x = real(call, 0, 1, -1, 2);
  const filter = real(call, 1, 0, -1, 3);
  const dims = dimsOf(x);
  const window = windowOf(call, dims.slice(2), dimsOf(filter).slice(2));
  const found = convolve(withInputs(call, [x, filter]), x, 1, window, call.number('group', 1));
  return fromImage('int32', tf.round(found), dims.length);
});

define('QLinearMatMul', (call) => {
  const [a, b] = [real(call, 0, dimsOf(call.input(0)).length - 2), real(call, 3, dimsOf(call.input(3)).length - 1)];
  const found = deviceValue('float32', matMul(call, a, b));
  return quantised(call, found, 6, 7);
});

define('MatMulInteger', (call) => {
  const rank = dimsOf(call.input(0)).length;
  const [a, b] = [real(call, 0, Math.max(rank - 2, 0), -1, 2), real(call, 1, dimsOf(call.input(1)).length - 1, -1, 3)];
  return deviceValue('int32', matMul(call, a, b));
});

for (const [name, f] of [
  ['Add', tf.add],
  ['Mul', tf.mul],
] as const)
  define(`com.microsoft:QLinear${name}`, (call) => {
    const [a, b] = [real(call, 0), real(call, 3)];
    const order = a.order;
    const other =
      b.order.join() === order.join()
        ? b.tensor
        : call.tensorOf(b, dimsOf(b).length === order.length ? order : undefined);
    return quantised(call, deviceValue('float32', f(a.tensor, other), order), 6, 7);
  });

/** Functions of one quantised value. */
const functions: Readonly<Record<string, (x: DeviceValue, call: Call) => DeviceValue>> = {
  Sigmoid: (x) => asItLies(x, tf.sigmoid),
  LeakyRelu: (x, call) => asItLies(x, (z) => tf.leakyRelu(z, call.number('alpha', 0.01))),
  GlobalAveragePool: (x) =>
    asItLies(x, (z) =>
      tf.mean(
        z,
        x.order.flatMap((axis, place) => (axis > 1 ? [place] : [])),
        true,
      ),
    ),
};
for (const [name, f] of Object.entries(functions))
  define(`com.microsoft:QLinear${name}`, (call) => quantised(call, f(real(call, 0), call), 3, 4));

define('com.microsoft:QGemm', (call) => {
  const [a, b] = [real(call, 0), real(call, 3, call.number('transB', 0) === 1 ? 0 : 1)];
  let found: Tensor = tf.matMul(
    call.tensorOf(a) as tf.Tensor2D,
    call.tensorOf(b) as tf.Tensor2D,
    call.number('transA', 0) === 1,
    call.number('transB', 0) === 1,
  );
  if (call.number('alpha', 1) !== 1) found = tf.mul(found, call.number('alpha', 1));
  if (call.has(6)) {
    const scale = tf.mul(tf.cast(call.tensor(1), 'float32'), tf.cast(call.tensor(4), 'float32'));
    found = tf.add(found, tf.mul(tf.cast(call.tensor(6), 'float32'), scale));
  }
  const value = deviceValue('float32', found);
  return call.has(7) ? quantised(call, value, 7, 8) : value;
});
