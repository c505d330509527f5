import * as tf from '@tensorflow/tfjs-core';
import { ensure } from '../check.js';
import type { AnyTensor } from './row.js';

/** An op of one value and what it is in double precision. */
type NumberRow = [op: (x: AnyTensor) => tf.Tensor, exact: (x: number) => number, values?: readonly number[]];

const positive = [1e-7, 1e-12, 1e-30, 1e30];
const all = [0, ...positive, ...positive.map((x) => -x)];
/** What is squared or inverted twice, inside the range of float32. */
const middle = [1e-7, -1e-7, 1e-12, -1e-12, 1e12, -1e12];

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const slope = (op: (x: AnyTensor) => tf.Tensor) => (x: AnyTensor) => tf.grad((at: AnyTensor) => op(at))(x);

/** Ops that attacks, losses and trainers use. */
export const numberRows: Readonly<Record<string, NumberRow>> = {
  Abs: [tf.abs, Math.abs],
  Add: [(x) => tf.add(x, x), (x) => 2 * x],
  Asinh: [tf.asinh, Math.asinh],
  Atan: [tf.atan, Math.atan],
  ClipByValue: [(x) => tf.clipByValue(x, -1e-8, 1e-8), (x) => Math.min(1e-8, Math.max(-1e-8, x)), [...all, NaN]],
  'Cast to bool': [(x) => tf.cast(tf.cast(x, 'bool'), 'float32'), (x) => Number(x !== 0)],
  Cos: [tf.cos, Math.cos, middle],
  Erf: [tf.erf, (x) => (Math.abs(x) > 1 ? Math.sign(x) : (2 / Math.sqrt(Math.PI)) * x)],
  Exp: [tf.exp, Math.exp],
  Expm1: [tf.expm1, Math.expm1],
  Greater: [(x) => tf.cast(tf.greater(x, 0), 'float32'), (x) => Number(x > 0)],
  LeakyRelu: [(x) => tf.leakyRelu(x, 0.5), (x) => (x > 0 ? x : x / 2)],
  Less: [(x) => tf.cast(tf.less(x, 0), 'float32'), (x) => Number(x < 0)],
  Log: [tf.log, Math.log, positive],
  Log1p: [tf.log1p, Math.log1p, [...positive, -1e-7, -1e-12]],
  LogSoftmax: [(x) => tf.slice(tf.logSoftmax(tf.stack([x, tf.zerosLike(x)], 1)), [0, 1], [-1, 1]), (x) => -softplus(x)],
  Max: [(x) => tf.max(tf.stack([x, tf.mul(x, 0.5)], 1), 1), (x) => Math.max(x, x / 2)],
  Maximum: [(x) => tf.maximum(x, 1e-9), (x) => Math.max(x, 1e-9)],
  Mean: [(x) => tf.mean(tf.stack([x, x, x, x], 1), 1), (x) => x, middle],
  Minimum: [(x) => tf.minimum(x, 1e-9), (x) => Math.min(x, 1e-9)],
  Multiply: [(x) => tf.mul(x, 1e-3), (x) => x * 1e-3],
  NotEqual: [(x) => tf.cast(tf.notEqual(x, 0), 'float32'), (x) => Number(x !== 0)],
  Pow: [(x) => tf.pow(x, 1.5), (x) => x ** 1.5, [1e-7, 1e-12, 1e12]],
  RealDiv: [(x) => tf.div(1, x), (x) => 1 / x, [...middle, 1e-30, 1e30]],
  'RealDiv, slope of the divisor': [
    (x) => ((top) => slope((at) => tf.div(top, at))(x))(tf.mul(x, 1)),
    (x) => -1 / x,
    [...middle, 1e-30, 1e30],
  ],
  Reciprocal: [tf.reciprocal, (x) => 1 / x, [...middle, 1e-30, 1e30]],
  Relu: [tf.relu, (x) => (x > 0 ? x : x < 0 ? 0 : x), [...all, NaN]],
  Relu6: [tf.relu6, (x) => (x > 6 ? 6 : x < 0 ? 0 : x), [...all, NaN]],
  Rsqrt: [tf.rsqrt, (x) => 1 / Math.sqrt(x), positive],
  'Rsqrt, slope': [(x) => tf.mul(slope(tf.rsqrt)(x), x), (x) => -0.5 / Math.sqrt(x), [1e-7, 1e-12, 1e12, 1e20]],
  Select: [(x) => tf.where(tf.greater(x, 0), x, tf.neg(x)), Math.abs],
  Sigmoid: [tf.sigmoid, (x) => 1 / (1 + Math.exp(-x))],
  Sign: [tf.sign, Math.sign],
  Sin: [tf.sin, Math.sin, middle.filter((x) => Math.abs(x) < 1)],
  Softplus: [tf.softplus, softplus, [...all, -14, -5, 14]],
  Sqrt: [tf.sqrt, Math.sqrt, positive],
  Square: [tf.square, (x) => x * x, middle],
  Step: [(x) => tf.step(x), (x) => Number(x > 0)],
  Sub: [(x) => tf.sub(x, tf.mul(x, 0.5)), (x) => x / 2],
  Sum: [(x) => tf.sum(tf.stack([x, x, x], 1), 1), (x) => 3 * x],
  Tanh: [tf.tanh, Math.tanh],
  BatchMatMul: [(x) => tf.matMul(tf.reshape(x, [-1, 1]), [[1e-3]]), (x) => x * 1e-3],
};

/** @throws Error naming the first value that is off by more than a few roundings of float32. */
export async function checkNumbers([op, exact, values = all]: NumberRow): Promise<void> {
  const y = tf.tidy(() => op(tf.tensor1d([...values])));
  const found = await y.data();
  y.dispose();
  values.forEach((x, i) => {
    const wanted = Math.fround(exact(Math.fround(x)));
    const isRight = Number.isNaN(wanted)
      ? Number.isNaN(found[i])
      : found[i] === wanted || Math.abs(found[i]! - wanted) <= 2e-6 * Math.abs(wanted);
    ensure(isRight, `at ${x} it is ${found[i]}, not ${wanted}`);
  });
}
