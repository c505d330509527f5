import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { RowRandom } from '../contract/index.js';

/** Radii [n, 1] of uniform points in a ball of radius `epsilon` in `dimension` dimensions: `epsilon * u^(1/d)`, for any norm. */
export function ballRadius(rng: RowRandom, epsilon: number, dimension: number): Tensor {
  return tf.mul(tf.pow(rng.uniform('start-radius', [1], 0, 1), 1 / dimension), epsilon);
}
