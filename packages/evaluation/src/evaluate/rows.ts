import type { Batch } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';

/** Copies of the wanted rows. */
export function selectRows({ x, y }: Batch, rows: readonly number[]): [x: tf.Tensor, y: tf.Tensor] {
  if (rows.length === x.shape[0]) return [tf.clone(x), tf.clone(y)];
  const indices = tf.tensor1d([...rows], 'int32');
  try {
    return [tf.gather(x, indices), tf.gather(y, indices)];
  } finally {
    indices.dispose();
  }
}
