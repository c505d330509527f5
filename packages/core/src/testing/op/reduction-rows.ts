import * as tf from '@tensorflow/tfjs-core';
import { modes, type AnyTensor, type OpRow } from './row.js';

type Reduction = (x: AnyTensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

const axes = {
  'of everything': undefined,
  'along the first axis': 0,
  'along the last axis': -1,
  'along two axes': [0, 2],
} as const;

const reductions: Readonly<Record<string, Reduction>> = {
  Max: tf.max,
  Mean: tf.mean,
  Min: tf.min,
  Prod: tf.prod,
  Sum: tf.sum,
};

export const reductionRows: readonly OpRow[] = [
  ...Object.entries(reductions).flatMap(([kernel, op]) =>
    Object.entries(axes).flatMap(([mode, axis]) =>
      modes(kernel, {
        [mode]: [[[2, 3, 2]], (x) => op(x, axis as number)],
        [`${mode}, kept`]: [[[2, 3, 2]], (x) => tf.mul(op(x, axis as number, true), x)],
      }),
    ),
  ),
  ...modes('Prod', {
    'a zero': [
      [[2, 3]],
      (x) =>
        tf.prod(
          tf.mul(
            x,
            tf.tensor2d([
              [1, 0, 1],
              [1, 1, 1],
            ]),
          ),
          1,
        ),
    ],
  }),
  ...modes('Max', {
    'two that are always equal': [[[3, 2]], (x) => tf.max(tf.concat([x, x], 1), 1)],
    'the log of a sum of exponentials': [[[3, 4]], (x) => tf.logSumExp(x, 1)],
  }),
  ...modes('Min', { 'two that are always equal': [[[3, 2]], (x) => tf.min(tf.concat([x, x], 1), 1)] }),
  ...modes('ArgMax', { chooses: [[[3, 4]], (x) => tf.mul(x, tf.oneHot(tf.argMax(x, 1) as tf.Tensor1D, 4))] }),
  ...modes('ArgMin', { chooses: [[[3, 4]], (x) => tf.mul(x, tf.oneHot(tf.argMin(x, 1) as tf.Tensor1D, 4))] }),
  ...modes('Softmax', {
    'last axis': [[[2, 4]], (x) => tf.softmax(x)],
    'last axis of three': [[[2, 2, 3]], (x) => tf.softmax(x)],
  }),
  ...modes('LogSoftmax', { 'last axis': [[[2, 4]], (x) => tf.logSoftmax(x)] }),
  ...modes('Cumsum', {
    'first axis of a square': [[[3, 3]], (x) => tf.cumsum(x, 0)],
    'first axis': [[[4, 3]], (x) => tf.cumsum(x, 0)],
    'middle axis': [[[2, 3, 2]], (x) => tf.cumsum(x, 1, true)],
    'last axis, reversed': [[[2, 4]], (x) => tf.cumsum(x, 1, false, true)],
    'last axis, exclusive and reversed': [[[2, 4]], (x) => tf.cumsum(x, 1, true, true)],
  }),
  ...modes('UnsortedSegmentSum', {
    rows: [[[4, 3]], (x) => tf.unsortedSegmentSum(x, tf.tensor1d([0, 2, 0, 1], 'int32'), 3)],
  }),
];
