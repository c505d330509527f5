import * as tf from '@tensorflow/tfjs-core';
import { select } from '../../rows.js';
import { modes, type AnyTensor, type OpRow } from './row.js';

const v = [[2, 5]];

/** Ops of one input that are named like their kernel, and where they are smooth. */
const unary: Readonly<Record<string, [(x: AnyTensor) => tf.Tensor, range?: [number, number]]>> = {
  Abs: [tf.abs],
  Acos: [tf.acos, [-0.8, 0.8]],
  Acosh: [tf.acosh, [1.5, 3]],
  Asin: [tf.asin, [-0.8, 0.8]],
  Asinh: [tf.asinh],
  Atan: [tf.atan],
  Atanh: [tf.atanh, [-0.8, 0.8]],
  Ceil: [tf.ceil, [0.1, 0.9]],
  Cos: [tf.cos],
  Cosh: [tf.cosh],
  Elu: [tf.elu],
  Erf: [tf.erf],
  Exp: [tf.exp],
  Expm1: [tf.expm1],
  Floor: [tf.floor, [0.1, 0.9]],
  IsFinite: [(x) => tf.cast(tf.isFinite(x), 'float32')],
  IsInf: [(x) => tf.cast(tf.isInf(x), 'float32')],
  IsNan: [(x) => tf.cast(tf.isNaN(x), 'float32')],
  Log: [tf.log, [0.4, 3]],
  Log1p: [tf.log1p, [-0.5, 2]],
  LogicalNot: [(x) => tf.cast(tf.logicalNot(tf.cast(x, 'bool')), 'float32')],
  Neg: [tf.neg],
  Reciprocal: [tf.reciprocal, [0.5, 2]],
  Relu: [tf.relu],
  Relu6: [(x) => tf.relu6(tf.mul(x, 6))],
  Round: [tf.round, [0.6, 1.4]],
  Rsqrt: [tf.rsqrt, [0.5, 2]],
  Selu: [tf.selu],
  Sigmoid: [tf.sigmoid],
  Sign: [tf.sign],
  Sin: [tf.sin],
  Sinh: [tf.sinh],
  Softplus: [tf.softplus],
  Sqrt: [tf.sqrt, [0.5, 2]],
  Square: [tf.square],
  Tan: [tf.tan, [-1, 1]],
  Tanh: [tf.tanh],
};

const comparisons = {
  Equal: tf.equal,
  NotEqual: tf.notEqual,
  Greater: tf.greater,
  GreaterEqual: tf.greaterEqual,
  Less: tf.less,
  LessEqual: tf.lessEqual,
} as const;

const binary: Readonly<Record<string, [(a: AnyTensor, b: AnyTensor) => tf.Tensor, range?: [number, number]]>> = {
  Add: [tf.add],
  Atan2: [tf.atan2, [0.4, 2]],
  Maximum: [tf.maximum],
  Minimum: [tf.minimum],
  // Quotients between two whole numbers.
  FloorDiv: [(a, b) => tf.cast(tf.floorDiv(a, tf.mul(b, 4)), 'float32'), [0.5, 1.4]],
  Mod: [(a, b) => tf.mod(a, tf.mul(b, 4)), [0.5, 1.4]],
  Multiply: [tf.mul],
  Pow: [tf.pow, [0.4, 2]],
  RealDiv: [tf.div, [0.5, 2]],
  SquaredDifference: [tf.squaredDifference],
  Sub: [tf.sub],
};

export const elementwiseRows: readonly OpRow[] = [
  ...Object.entries(unary).flatMap(([kernel, [op, range]]) => modes(kernel, { elementwise: [v, op, range] })),
  ...Object.entries(binary).flatMap(([kernel, [op, range]]) =>
    modes(kernel, {
      'equal shapes': [
        [
          [2, 3],
          [2, 3],
        ],
        op,
        range,
      ],
      'second broadcasts': [[[2, 3], [3]], op, range],
      'first broadcasts': [
        [
          [2, 1],
          [4, 2, 3],
        ],
        op,
        range,
      ],
      'both broadcast': [
        [
          [2, 1],
          [1, 3],
        ],
        op,
        range,
      ],
      'a scalar': [[[2, 3], []], op, range],
    }),
  ),
  ...Object.entries(comparisons).flatMap(([kernel, op]) =>
    modes(kernel, {
      chooses: [[[2, 3], [3]], (a, b) => tf.where(op(a, b), a, tf.mul(b, 2))],
    }),
  ),
  ...modes('LogicalAnd', {
    chooses: [v, (x) => tf.where(tf.logicalAnd(tf.greater(x, -1), tf.less(x, 1)), tf.square(x), x)],
  }),
  ...modes('LogicalOr', {
    chooses: [v, (x) => tf.where(tf.logicalOr(tf.less(x, -1), tf.greater(x, 1)), tf.square(x), x)],
  }),
  ...modes('LogicalXor', {
    chooses: [v, (x) => tf.where(tf.logicalXor(tf.less(x, -1), tf.greater(x, 1)), tf.square(x), x)],
  }),
  ...modes('All', { chooses: [v, (x) => tf.where(tf.all(tf.greater(x, -2), 0), tf.square(x), x)] }),
  ...modes('Any', { chooses: [v, (x) => tf.where(tf.any(tf.greater(x, 0), 0), tf.square(x), x)] }),
  ...modes('Select', {
    'equal shapes': [
      [
        [2, 3],
        [2, 3],
      ],
      (a, b) => tf.where(tf.greater(a, b), a, b),
    ],
    'a condition of the rows': [
      [
        [3, 2],
        [3, 2],
      ],
      (a, b) => tf.where(tf.tensor2d([[1], [0], [1]], [3, 1], 'bool'), a, b),
    ],
    'rows by a condition of one axis': [
      [
        [3, 2],
        [3, 2],
      ],
      (a, b) => select(tf.tensor1d([1, 0, 1], 'bool'), a, b),
    ],
    'no NaN from the other branch': [v, (x) => tf.sqrt(tf.where(tf.greater(x, 0), tf.add(x, 1), tf.zerosLike(x)))],
  }),
  ...modes('AddN', {
    'of three': [
      [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
      (...all) => tf.addN(all),
    ],
  }),
  ...modes('Cast', { 'from bool and back': [v, (x) => tf.mul(x, tf.cast(tf.greater(x, 0), 'float32'))] }),
  ...modes('ClipByValue', { 'inside and outside': [v, (x) => tf.clipByValue(x, -0.65, 0.65)] }),
  ...modes('Identity', { clone: [v, (x) => tf.mul(tf.clone(x), x)] }),
  ...modes('LeakyRelu', { 'slope 0.3': [v, (x) => tf.leakyRelu(x, 0.3)] }),
  ...modes('Prelu', {
    'a slope by channel': [[[2, 2, 3], [3]], tf.prelu],
    'one slope': [[[2, 4], [1]], tf.prelu],
    'a slope by value': [
      [
        [2, 4],
        [2, 4],
      ],
      tf.prelu,
    ],
  }),
  ...modes('Step', { 'slope 0.2': [v, (x) => tf.mul(x, tf.step(x, 0.2))] }),
  ...modes('OnesLike', { 'a product': [v, (x) => tf.mul(tf.onesLike(x), x)] }),
  ...modes('ZerosLike', { 'a sum': [v, (x) => tf.add(tf.zerosLike(x), x)] }),
];
