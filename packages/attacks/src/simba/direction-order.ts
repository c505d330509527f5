import type { RowRandom } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Frame } from '../tensors/frame.js';

/** By how much of an axis the frequencies that are taken next grow, once the lower ones are used up. */
const growth = 1 / 32;

/**
 * In which order each row tries directions, as their indices [rows, count] (float32): random, but all of one level before any of the next; then all of
 * them again in another order.
 *
 * @param levels - Of each direction, whole numbers.
 */
export function directionOrder(rng: RowRandom, levels: readonly number[], count: number): Tensor {
  const size = levels.length;
  const turns = Array.from({ length: Math.ceil(count / size) }, (_, turn) => {
    const keys = tf.add(rng.uniform(`order ${turn}`, [size], 0, 1), tf.tensor1d([...levels]));
    return tf.topk(tf.neg(keys), size).indices;
  });
  return tf.cast(tf.slice(tf.concat(turns, 1), [0, 0], [-1, count]), 'float32');
}

/** Level 0 for every value. */
export function pixelLevels({ height, width, channels }: Frame): number[] {
  return new Array<number>(height * width * channels).fill(0);
}

/**
 * Level 0 for the frequencies below the share `lowest` of both axes, one more for every further 32nd, as in section 3.2 of the paper. Index
 * `(u * width + v) * channels + c` is the wave of vertical frequency `u` and horizontal frequency `v` in channel `c`.
 */
export function frequencyLevels({ height, width, channels }: Frame, lowest: number): number[] {
  return Array.from({ length: height * width * channels }, (_, index) => {
    const pixel = Math.floor(index / channels);
    const frequency = Math.max(Math.floor(pixel / width) / height, (pixel % width) / width);
    return frequency < lowest ? 0 : 1 + Math.floor((frequency - lowest) / growth);
  });
}
