import type { Augmentation, Batch, Extras } from '@advrob/core';
import { createRowRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The inputs of a batch after all augmentations, a new tensor, or the batch's own when there are none. What an example becomes depends on the seed, its id
 * and the number of the batch, so that a replayed batch and a resumed run see the same.
 */
export function augment<E extends Extras>(
  augmentations: readonly Augmentation[] = [],
  { x, ids }: Batch<E>,
  seed: number,
  number: number,
): Tensor {
  if (augmentations.length === 0) return x;
  return tf.tidy(() =>
    augmentations.reduce(
      (changed: Tensor, change, place) =>
        change(changed, createRowRandom({ seed, ids, step: number, scope: `augmentation ${place}` })),
      x,
    ),
  );
}
