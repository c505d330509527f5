import type { Classifier } from '@advrob/core';
import { rowSize } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Pixels of an example: what [h, w, c] has of places, each value of any other shape. */
export function pixelsIn(shape: readonly number[]): number {
  const places = shape.length === 3 ? shape.slice(0, 2) : shape;
  return places.reduce((product, extent) => product * extent, 1);
}

/**
 * `x` [rows, ...] where only the pixels are seen that have a 1 in `seen` (rows times pixels). A model
 * with twice the channels of `x` gets (x, low + high - x), both `low` where a pixel is not seen: no value
 * looks like that (Levine and Feizi 2020, https://arxiv.org/abs/1911.09272, section 2.1). Any other model
 * gets `low` there. The result is the caller's.
 */
export function showPixels(
  x: Tensor,
  seen: Float32Array,
  { inputShape, bounds: [low, high] }: Pick<Classifier, 'inputShape' | 'bounds'>,
): Tensor {
  const rows = x.shape[0]!;
  const pixels = seen.length / rows;
  return tf.tidy(() => {
    const mask = tf.tensor(seen, [rows, pixels, 1]);
    const shown = (values: Tensor): Tensor => {
      const perPixel = tf.reshape(values, [rows, pixels, rowSize(x) / pixels]);
      return tf.reshape(tf.add(tf.mul(tf.sub(perPixel, low), mask), low), x.shape);
    };
    if (inputShape.at(-1) !== 2 * x.shape.at(-1)!) return shown(x);
    return tf.concat([shown(x), shown(tf.sub(low + high, x))], x.rank - 1);
  });
}
