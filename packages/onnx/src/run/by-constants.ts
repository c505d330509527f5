import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * An operation on `x` whose other operands are constants, as one step of the tape. The tape of tfjs
 * has each op inside as a step and keeps a copy of its operands, of which the gradient in `x` alone
 * needs none.
 *
 * @param value Of `x`, by ops.
 * @param gradient In `x`, out of that in the result; by ops, so that it can be differentiated again.
 */
export function byConstants(x: Tensor, value: (x: Tensor) => Tensor, gradient: (dy: Tensor) => Tensor): Tensor {
  return tf.customGrad((z) => ({ value: value(z as Tensor), gradFunc: gradient }))(x);
}
