import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';

/**
 * 1 at the place of each row, else 0: [n, size] float32 from places [n]. `tf.oneHot` refuses a size
 * of 1.
 */
export function oneHot(places: Tensor, size: number): Tensor2D {
  const isPlace = tf.equal(tf.expandDims(places, 1), tf.expandDims(tf.range(0, size, 1, places.dtype as 'int32'), 0));
  return tf.cast(isPlace, 'float32') as Tensor2D;
}
