import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Frame } from '../tensors/frame.js';
import { oneHot } from '../tensors/one-hot.js';

/** An orthonormal basis of images: the direction of each row for indices [n] (float32), as [n, h, w, c]. */
export type Directions = (indices: Tensor) => Tensor;

/** One value each. */
export function pixelDirections({ height, width, channels }: Frame): Directions {
  return (indices) =>
    tf.reshape(oneHot(indices, height * width * channels), [indices.shape[0]!, height, width, channels]);
}

/**
 * The images of the discrete cosine transform (its orthonormal second form) of one channel each. Index `(u * width + v) * channels + c` has vertical
 * frequency `u` and horizontal frequency `v`.
 */
export function cosineDirections({ height, width, channels }: Frame): Directions {
  const [down, across] = [cosines(height), cosines(width)];
  return (indices) => {
    const n = indices.shape[0]!;
    const pixel = tf.floorDiv(indices, tf.scalar(channels));
    const vertical = tf.matMul(oneHot(tf.floorDiv(pixel, tf.scalar(width)), height), tf.tensor2d(down));
    const horizontal = tf.matMul(oneHot(tf.mod(pixel, tf.scalar(width)), width), tf.tensor2d(across));
    const channel = oneHot(tf.mod(indices, tf.scalar(channels)), channels);
    const wave = tf.mul(tf.reshape(vertical, [n, height, 1, 1]), tf.reshape(horizontal, [n, 1, width, 1]));
    return tf.mul(wave, tf.reshape(channel, [n, 1, 1, channels]));
  };
}

/** Row `k`: the cosine of frequency `k` at `length` points, of length 1. */
function cosines(length: number): number[][] {
  return Array.from({ length }, (_, k) =>
    Array.from(
      { length },
      (_, i) => Math.sqrt((k === 0 ? 1 : 2) / length) * Math.cos((Math.PI * (2 * i + 1) * k) / (2 * length)),
    ),
  );
}
