import type { ForwardOptions } from '@advrob/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** One differentiable step of a network. Called inside `tf.tidy`: a layer frees nothing and its result lives as long as the tidy says. */
export type Layer = (x: Tensor, how: ForwardOptions) => Tensor;

/** Applies layers one after the other. */
export function sequence(...layers: readonly Layer[]): Layer {
  return (x, how) => layers.reduce((value, layer) => layer(value, how), x);
}
