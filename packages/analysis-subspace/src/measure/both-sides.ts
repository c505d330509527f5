import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { flipDistances, type FlipSearch } from './flip-distance.js';

/**
 * Flip distances of each point along a fixed direction and against it, two per point; those beyond the limit count as the limit.
 *
 * @param normal Direction [d] of unit length.
 */
export async function flipsOnBothSides(
  model: Classifier,
  x: Tensor,
  normal: readonly number[],
  search: FlipSearch,
): Promise<{ readonly ahead: number[]; readonly behind: number[] }> {
  const along = async (sign: number): Promise<number[]> => {
    const directions = tf.tidy(() => tf.mul(tf.onesLike(x), tf.tensor1d(normal.map((value) => sign * value))));
    try {
      const { distances } = await flipDistances(model, x, directions, search);
      return distances.map((distance) => distance ?? search.limit);
    } finally {
      directions.dispose();
    }
  };
  return { ahead: await along(1), behind: await along(-1) };
}
