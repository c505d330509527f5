import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';

/** [n, ...] as [n, d]. */
export function flatRows(tensor: Tensor): Tensor2D {
  return tf.reshape(tensor, [tensor.shape[0] ?? 1, rowSize(tensor)]) as Tensor2D;
}

/** Number of values `d` in one row of [n, ...]. */
export function rowSize(tensor: Tensor): number {
  return tensor.shape.slice(1).reduce((product, length) => product * length, 1);
}
