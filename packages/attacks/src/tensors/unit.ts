import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { column, flatRows } from './rows.js';

/**
 * `v / |v|` per row of [n, ...] in L1 or L2; zero rows stay zero. Divided by the largest entry
 * first: squares of the gradients of confident examples underflow.
 */
export function unit(norm: 'l1' | 'l2', vectors: Tensor): Tensor {
  return tf.tidy(() => {
    const rows = flatRows(vectors);
    const largest = tf.max(tf.abs(rows), 1, true);
    const scaled = tf.div(rows, tf.where(tf.greater(largest, 0), largest, tf.onesLike(largest)));
    const length = norm === 'l1' ? tf.sum(tf.abs(scaled), 1, true) : tf.sqrt(tf.sum(tf.square(scaled), 1, true));
    // At least 1 for every row but a zero row.
    return tf.reshape(tf.div(scaled, tf.maximum(length, 1)), vectors.shape);
  });
}

/** `v / max |v|` per row of [n, ...], against underflow where only ratios matter; zero rows stay zero. */
export function overLargest(vectors: Tensor): Tensor {
  const largest = tf.max(tf.abs(flatRows(vectors)), 1);
  return tf.div(vectors, column(tf.maximum(largest, 1e-30), vectors));
}
