import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';

/** How inputs are seen as images. */
export interface Frame {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** `[h, w, c]` and `[h, w]` are images; any other shape is taken as one line of values. */
export function frameOf(shape: readonly number[]): Frame {
  const [height = 1, width = 1, channels = 1] = shape;
  if (shape.length === 2 || shape.length === 3) return { height, width, channels };
  return { height: 1, width: shape.reduce((product, length) => product * length, 1), channels: 1 };
}

/** [n, ...] as images [n, h, w, c]. */
export function asImages(tensor: Tensor, { height, width, channels }: Frame): Tensor4D {
  return tf.reshape(tensor, [tensor.shape[0]!, height, width, channels]) as Tensor4D;
}
