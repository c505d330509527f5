import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';

/** Number of values in one row of [n, ...]. */
export function rowSize(tensor: Tensor): number {
  return tensor.shape.slice(1).reduce((product, length) => product * length, 1);
}

/** [n, ...] as [n, d]. */
export function flatRows(tensor: Tensor): Tensor2D {
  return tf.reshape(tensor, [tensor.shape[0]!, rowSize(tensor)]) as Tensor2D;
}

/** One value per row, [n] or [n, 1], in a shape that broadcasts over `like` [n, ...]. */
export function column(vector: Tensor, like: Tensor): Tensor {
  return tf.reshape(vector, [like.shape[0]!, ...new Array<number>(like.rank - 1).fill(1)]);
}

/** Row by row `yes` where `mask` [n] (bool), else `no`. */
export function select(mask: Tensor, yes: Tensor, no: Tensor): Tensor {
  return tf.where(column(mask, yes), yes, no);
}
