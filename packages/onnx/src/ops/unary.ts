import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ElementType } from '../format/element-types.js';
import { mapped } from '../run/host.js';
import { define, offTape, onDevice, type Call } from '../run/operators.js';
import { asItLies } from '../run/order.js';
import type { Value } from '../run/value.js';

// Functions of one value: on the host where the value is known, on the device elsewhere.

type OnHost = (value: number) => number;
type OnDevice = (x: Tensor) => Tensor;

function unary(name: string, host: OnHost, device: OnDevice, result?: ElementType): void {
  define(name, (call) => computed(call.input(0), call, host, device, result));
}

function computed(x: Value, call: Call, host: OnHost, device: OnDevice, result = x.type): Value {
  return x.kind === 'host' ? mapped(result, [x], host) : asItLies(onDevice(call, x), device, result);
}

/** Half to even, as tfjs and NumPy round. */
function roundHalfToEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** The error function by `2 / sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!`, whose terms are positive. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [sum, term] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** As tfjs', whose gradient casts its floats to floats. */
export function relu(x: Tensor): Tensor {
  if (x.dtype !== 'float32') return tf.relu(x);
  return tf.customGrad((z, save) => {
    const y = tf.relu(z as Tensor);
    (save as (tensors: Tensor[]) => void)([y]);
    return { value: y, gradFunc: (dy, [saved]) => tf.mul(dy, tf.step(saved!)) };
  })(x);
}

/** What ONNX Runtime fused into other operators of files that it saved. */
export function fusedActivation(call: Call, x: Tensor, [a = 0, b = 0]: readonly number[]): Tensor {
  const name = call.text('activation', '');
  if (name === '') return x;
  if (name === 'Relu') return relu(x);
  if (name === 'Clip') return tf.clipByValue(x, a, b);
  if (name === 'LeakyRelu') return tf.leakyRelu(x, a);
  if (name === 'HardSigmoid') return tf.clipByValue(tf.add(tf.mul(x, a), b), 0, 1);
  if (name === 'Sigmoid') return tf.sigmoid(x);
  if (name === 'Tanh') return tf.tanh(x);
  return call.unsupported(`a fused ${name}`);
}

/** -1, 0 or 1, also for the smallest numbers, which some kernels of `tf.sign` take for 0. */
export function signOf(x: Tensor): Tensor {
  return offTape(() => tf.cast(tf.sub(tf.cast(tf.greater(x, 0), 'int32'), tf.cast(tf.less(x, 0), 'int32')), x.dtype));
}

unary('Abs', Math.abs, tf.abs);
unary('Neg', (x) => -x, tf.neg);
unary('Exp', Math.exp, tf.exp);
unary('Log', Math.log, tf.log);
unary('Sqrt', Math.sqrt, tf.sqrt);
unary('Reciprocal', (x) => 1 / x, tf.reciprocal);
unary('Floor', Math.floor, tf.floor);
unary('Ceil', Math.ceil, tf.ceil);
unary('Round', roundHalfToEven, tf.round);
unary('Sign', Math.sign, signOf);
unary('Sin', Math.sin, tf.sin);
unary('Cos', Math.cos, tf.cos);
unary('Tan', Math.tan, tf.tan);
unary('Asin', Math.asin, tf.asin);
unary('Acos', Math.acos, tf.acos);
unary('Atan', Math.atan, tf.atan);
unary('Sinh', Math.sinh, tf.sinh);
unary('Cosh', Math.cosh, tf.cosh);
unary('Tanh', Math.tanh, tf.tanh);
unary('Asinh', Math.asinh, tf.asinh);
unary('Acosh', Math.acosh, tf.acosh);
unary('Atanh', Math.atanh, tf.atanh);
unary('Erf', erf, tf.erf);
unary('Sigmoid', (x) => 1 / (1 + Math.exp(-x)), tf.sigmoid);
unary('Relu', (x) => Math.max(x, 0), relu);
unary('Softplus', (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), tf.softplus);
unary(
  'Softsign',
  (x) => x / (1 + Math.abs(x)),
  (x) => tf.div(x, tf.add(1, tf.abs(x))),
);
unary(
  'Not',
  (x) => Number(x === 0),
  (x) => offTape(() => tf.logicalNot(tf.cast(x, 'bool'))),
);
unary(
  'IsNaN',
  (x) => Number(Number.isNaN(x)),
  (x) => offTape(() => tf.isNaN(x)),
  'bool',
);
unary(
  'Identity',
  (x) => x,
  (x) => x,
);
unary(
  'Mish',
  (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
);
unary(
  'HardSwish',
  (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
  (x) => tf.mul(x, tf.clipByValue(tf.add(tf.div(x, 6), 0.5), 0, 1)),
);
unary(
  'BitwiseNot',
  (x) => ~x,
  (x) => tf.sub(tf.neg(x), 1),
);

/** An activation with attributes: on the device alone, for weights never go through one. */
function activation(name: string | readonly string[], f: (x: Tensor, call: Call) => Tensor): void {
  define(name, (call) => asItLies(onDevice(call, call.input(0)), (x) => f(x, call)));
}

activation('LeakyRelu', (x, call) => tf.leakyRelu(x, call.number('alpha', 0.01)));
activation('Elu', (x, call) => {
  const alpha = call.number('alpha', 1);
  return alpha === 1 ? tf.elu(x) : negativeSide(x, (z) => tf.mul(alpha, tf.expm1(z)));
});
activation('Celu', (x, call) => {
  const alpha = call.number('alpha', 1);
  return negativeSide(x, (z) => tf.mul(alpha, tf.expm1(tf.div(z, alpha))));
});
activation('Selu', (x, call) => {
  const [alpha, gamma] = [
    call.number('alpha', 1.67326319217681884765625),
    call.number('gamma', 1.05070102214813232421875),
  ];
  return tf.mul(
    gamma,
    negativeSide(x, (z) => tf.mul(alpha, tf.expm1(z))),
  );
});
activation('HardSigmoid', (x, call) =>
  tf.clipByValue(tf.add(tf.mul(x, call.number('alpha', 0.2)), call.number('beta', 0.5)), 0, 1),
);
activation('ThresholdedRelu', (x, call) =>
  tf.mul(
    x,
    maskOf(() => tf.greater(x, call.number('alpha', 1)), x),
  ),
);
activation('Shrink', (x, call) => {
  const [bias, lambda] = [call.number('bias', 0), call.number('lambd', 0.5)];
  const above = tf.mul(
    tf.sub(x, bias),
    maskOf(() => tf.greater(x, lambda), x),
  );
  return tf.add(
    above,
    tf.mul(
      tf.add(x, bias),
      maskOf(() => tf.less(x, -lambda), x),
    ),
  );
});
activation('Swish', (x, call) => tf.mul(x, tf.sigmoid(tf.mul(x, call.number('alpha', 1)))));
activation('com.microsoft:QuickGelu', (x, call) => tf.mul(x, tf.sigmoid(tf.mul(x, call.number('alpha', 1.702)))));
activation(['Gelu', 'com.microsoft:Gelu'], (x, call) => gelu(x, call.text('approximate', 'none') === 'tanh'));
define('IsInf', (call) => {
  const wanted = [call.number('detect_negative', 1) !== 0, call.number('detect_positive', 1) !== 0];
  return asItLies(
    onDevice(call, call.input(0)),
    (x) =>
      offTape(() => {
        const side = tf.logicalOr(
          tf.logicalAnd(tf.less(x, 0), wanted[0]!),
          tf.logicalAnd(tf.greater(x, 0), wanted[1]!),
        );
        return tf.logicalAnd(tf.isInf(x), side);
      }),
    'bool',
  );
});

/** 1 where it holds, 0 elsewhere, in the type of `x`. */
function maskOf(holds: () => Tensor, x: Tensor): Tensor {
  return offTape(() => tf.cast(holds(), x.dtype));
}

/** `x` above 0 and `f(x)` below, with finite gradients on both sides. */
function negativeSide(x: Tensor, f: (below: Tensor) => Tensor): Tensor {
  return tf.add(tf.relu(x), f(tf.neg(tf.relu(tf.neg(x)))));
}

export function gelu(x: Tensor, isTanh = false): Tensor {
  if (!isTanh) return tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}
