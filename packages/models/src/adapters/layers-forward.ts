import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** Runs (a part of) a LayersModel. Called inside `tf.tidy`. */
export type ForwardPass = (x: Tensor, training: boolean) => Tensor;

/** Runs the whole model on the tape, in one batch; `predict` would cut it into several. */
export function forwardPass(model: LayersModel): ForwardPass {
  return (x, training) => model.apply(x, { training }) as Tensor;
}
