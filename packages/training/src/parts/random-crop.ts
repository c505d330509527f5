import { AdvrobError, defineAugmentation, type RowRandom } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as z from 'zod';

const options = z.strictObject({
  padding: z.int().min(1).default(4).describe('pixels added on each side before the crop'),
  fill: z.number().default(0).describe('value of the added pixels'),
});

/**
 * Pads images [n, h, w, c] and crops them to their size at a random place, as torchvision's
 * RandomCrop(size, padding): each image moves by up to `padding` pixels along both axes, and `fill`
 * comes in at the sides. Values are moved, never recomputed.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range, `ADVROB_SHAPE` for examples that
 *   are no images.
 * @example
 * ```ts
 * import { randomCrop, randomFlip } from '@advrob/training';
 * const augmentations = [randomCrop({ padding: 4 }), randomFlip()]; // as usual on CIFAR
 * ```
 */
export const randomCrop = defineAugmentation({
  name: 'random-crop',
  summary: 'Pads images and crops them at a random place.',
  options,
  create:
    ({ padding, fill }) =>
    (x, rng) => {
      const [count, height, width, channels] = imageShape(x);
      const rows = sources(rng, 'rows', count, height, padding);
      const columns = sources(rng, 'columns', count, width, padding);
      const isInside = tf.logicalAnd(
        tf.expandDims(inRange(rows, height), 2),
        tf.expandDims(inRange(columns, width), 1),
      );
      const image = tf.reshape(tf.range(0, count, 1, 'int32'), [count, 1, 1]);
      const place = tf.add(
        tf.mul(tf.add(tf.mul(image, height), tf.expandDims(rows, 2)), width),
        tf.expandDims(columns, 1),
      );
      // The pixels of all images in one list, with one more at its end for what comes in.
      const pixels = tf.concat([tf.reshape(x, [-1, channels]), tf.fill([1, channels], fill)]);
      const outside = tf.fill(place.shape, count * height * width, 'int32');
      const chosen = tf.reshape(tf.where(isInside, place, outside), [-1]);
      return tf.reshape(tf.gather(pixels, tf.cast(chosen, 'int32') as tf.Tensor1D), x.shape);
    },
});

/** From which row or column [n, size] each one is taken: up to `padding` before or after. */
function sources(rng: RowRandom, axis: string, count: number, size: number, padding: number): Tensor2D {
  const draw = rng.uniform(axis, [], 0, 2 * padding + 1);
  const shift = tf.sub(tf.cast(tf.floor(draw), 'int32'), tf.scalar(padding, 'int32'));
  return tf.add(tf.reshape(shift, [count, 1]), tf.reshape(tf.range(0, size, 1, 'int32'), [1, size]));
}

function inRange(places: Tensor, size: number): Tensor {
  const zero = tf.scalar(0, 'int32');
  return tf.logicalAnd(tf.greaterEqual(places, zero), tf.less(places, tf.scalar(size, 'int32')));
}

/** @throws AdvrobError `ADVROB_SHAPE`. */
export function imageShape(x: Tensor): [number, number, number, number] {
  if (x.rank === 4) return x.shape as [number, number, number, number];
  throw new AdvrobError(
    'ADVROB_SHAPE',
    `expected images [n, height, width, channels], found [${x.shape.join(', ')}]: leave out augmentations of images`,
  );
}
