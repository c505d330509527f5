import type { RowRandom } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Frame } from '../tensors/frame.js';
import type { WindowSize } from './schedule.js';

/** Upper left corners of one window per row, [n] float32 whole numbers. */
export interface Corners {
  readonly top: Tensor;
  readonly left: Tensor;
}

/** Random corners such that the windows lie inside the image, every place with equal chances. */
export function drawCorners(rng: RowRandom, purpose: string, frame: Frame, size: WindowSize): Corners {
  return {
    top: tf.floor(rng.uniform(`${purpose} top`, [], 0, frame.height - size.height + 1)),
    left: tf.floor(rng.uniform(`${purpose} left`, [], 0, frame.width - size.width + 1)),
  };
}

/** 1 inside the window of each row, else 0: [n, h, w, 1]. Comparisons instead of slices keep the shape of the computation the same. */
export function windowMask({ top, left }: Corners, frame: Frame, size: WindowSize): Tensor {
  const inside = (from: Tensor, count: number, length: number, shape: number[]): Tensor => {
    const start = tf.reshape(from, [-1, 1, 1, 1]);
    const place = tf.reshape(tf.range(0, length, 1, 'float32'), shape);
    return tf.logicalAnd(tf.greaterEqual(place, start), tf.less(place, tf.add(start, count)));
  };
  const rows = inside(top, size.height, frame.height, [1, -1, 1, 1]);
  const columns = inside(left, size.width, frame.width, [1, 1, -1, 1]);
  return tf.cast(tf.logicalAnd(rows, columns), 'float32');
}

/** +1 or -1 with equal chances, [n, ...perRow]. */
export function drawSigns(rng: RowRandom, purpose: string, perRow: readonly number[]): Tensor {
  const isPositive = tf.greaterEqual(rng.uniform(purpose, perRow, -1, 1), 0);
  return tf.sub(tf.mul(tf.cast(isPositive, 'float32'), 2), 1);
}

/**
 * Patterns [n, h, w], each given in the upper left corner, moved so that this corner comes to lie at `corners`; what leaves the image is lost.
 * Written as two matrix products.
 */
export function movedTo({ top, left }: Corners, patterns: Tensor, { height, width }: Frame): Tensor {
  const shift = (from: Tensor, length: number, isTransposed: boolean): Tensor => {
    const place = tf.range(0, length, 1, 'float32');
    const [to, source] = isTransposed
      ? [
          [1, 1, -1],
          [1, -1, 1],
        ]
      : [
          [1, -1, 1],
          [1, 1, -1],
        ];
    const distance = tf.sub(tf.reshape(place, to!), tf.reshape(place, source!));
    return tf.cast(tf.equal(distance, tf.reshape(from, [-1, 1, 1])), 'float32');
  };
  const down = tf.matMul(shift(top, height, false), patterns);
  return tf.matMul(down, shift(left, width, true));
}
