import type { Norm } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { flatRows } from './rows.js';

/** Length of each row of [n, ...] in the norm, [n]. */
export function lengths(norm: Norm, offsets: Tensor): Tensor {
  const rows = flatRows(offsets);
  if (norm === 'linf') return tf.max(tf.abs(rows), 1);
  if (norm === 'l2') return tf.sqrt(tf.sum(tf.square(rows), 1));
  if (norm === 'l1') return tf.sum(tf.abs(rows), 1);
  return tf.sum(tf.cast(tf.notEqual(rows, 0), 'float32'), 1);
}

/** Length of gradients in the norm that is dual to that of the offsets, [n]. */
export function dualLengths(norm: Norm, gradients: Tensor): Tensor {
  return lengths(norm === 'linf' ? 'l1' : norm === 'l2' ? 'l2' : 'linf', gradients);
}
