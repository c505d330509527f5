import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Each row `times` over, one copy after the other: [n, ...] to [n * times, ...]. The result is the
 * caller's.
 */
export function repeatRows(rows: Tensor, times: number): Tensor {
  const [count, ...shape] = rows.shape as [number, ...number[]];
  return tf.tidy(() => {
    const copies = tf.tile(tf.reshape(rows, [count, 1, -1]), [1, times, 1]);
    return tf.reshape(copies, [count * times, ...shape]);
  });
}
