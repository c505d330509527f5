import { AdvrobError, type ForwardOptions } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * One differentiable step of a network. Called inside `tf.tidy`: a layer frees nothing and its
 * result lives as long as the tidy says.
 */
export type Layer = (x: tf.Tensor, how: ForwardOptions) => tf.Tensor;

/** Applies layers one after the other. */
export function sequence(...layers: readonly Layer[]): Layer {
  return (x, how) => layers.reduce((value, layer) => layer(value, how), x);
}

/**
 * Largest value of each 2 x 2 window, stride 2; an odd last row or column is dropped, as in
 * PyTorch.
 */
export const maxPool2: Layer = (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid');

/** [n, ...rest] to [n, product of rest], row-major. */
export const flatten: Layer = (x) => tf.reshape(x, [x.shape[0]!, x.size / Math.max(1, x.shape[0]!)]);

/** Rectified linear unit. */
export const relu: Layer = (x) => tf.relu(x);

/** Mean over the pixels: [n, h, w, c] to [n, c]. */
export const averageOverImage: Layer = (x) => tf.mean(x, [1, 2]);

/** Number of entries of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/**
 * @throws AdvrobError `ADVROB_OPTION` when the image is too small for the layers, i.e. a side of
 *   the last feature map is not at least 1.
 */
export function checkFeatureMap(name: string, inputShape: readonly number[], sides: readonly number[]): void {
  if (sides.some((side) => side < 1))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `model '${name}': inputShape [${inputShape.join(', ')}] is too small: its last feature map would be ${sides.join(' x ')}`,
    );
}
