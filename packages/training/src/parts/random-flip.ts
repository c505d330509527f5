import { defineAugmentation } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { imageShape } from './random-crop.js';

const options = z.strictObject({
  probability: z.number().min(0).max(1).default(0.5).describe('with which an image is flipped'),
});

/**
 * Mirrors images [n, h, w, c] left to right with a probability, as torchvision's
 * RandomHorizontalFlip. Not for digits.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range, `ADVROB_SHAPE` for examples that
 *   are no images.
 * @example
 * ```ts
 * import { randomFlip } from '@advrob/training';
 * const augmentations = [randomFlip()];
 * ```
 */
export const randomFlip = defineAugmentation({
  name: 'random-flip',
  summary: 'Mirrors images left to right with a probability.',
  options,
  create:
    ({ probability }) =>
    (x, rng) => {
      const [count] = imageShape(x);
      const isFlipped = tf.less(rng.uniform('flip', [], 0, 1), probability);
      return tf.where(tf.reshape(isFlipped, [count, 1, 1, 1]), tf.reverse(x, 2), x);
    },
});
