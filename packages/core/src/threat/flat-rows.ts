import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';

/** [n, ...] as [n, d]. */
export function flatRows(tensor: Tensor): Tensor2D {
  const [rows = 1, ...perRow] = tensor.shape;
  return tf.reshape(tensor, [rows, perRow.reduce((product, length) => product * length, 1)]) as Tensor2D;
}
