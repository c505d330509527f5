import { type Classifier, type Random } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Gaussian noise for each weight tensor w of n entries, `sigma |w| / sqrt(n) * N(0, I)`: about `sigma` times as long as the weight itself. The tensors are
 * the caller's.
 *
 * @param purpose Tells the draws of one step apart.
 */
export function relativeNoise(
  { weights }: Classifier,
  sigma: number,
  rng: Random,
  purpose: string,
): Record<string, Tensor> {
  return tf.tidy(() =>
    Object.fromEntries(
      Object.entries(weights).map(([name, weight]) => {
        const scale = tf.mul(tf.norm(weight), sigma / Math.sqrt(weight.size));
        return [name, tf.mul(rng.normal(`${purpose}/${name}`, weight.shape), scale)];
      }),
    ),
  );
}

/** Describes the option sigma. */
export const sigmaNote = 'length of the noise relative to each weight tensor; 0.01 and 0.05 are usual';
