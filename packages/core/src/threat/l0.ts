import * as tf from '@tensorflow/tfjs-core';
import { flatRows } from '../rows.js';
import type { Geometry } from './geometry.js';
import { isAmongLargest, signOfLargest } from './geometry.js';

/**
 * The number of values that change; channels of a pixel count one by one.
 *
 * `project` is an exact Euclidean projection on the ball and the bounds together (Croce and Hein
 * 2019, arXiv:1909.05040, section 3.1): the `epsilon` values whose clipped change brings the point
 * nearest to `adv` stay, the first of ties. `steepestAscent` is that of L1: a direction that
 * changes one value by 1, since the norm itself sets no limit to the size. `randomPoint` draws
 * `epsilon` places, and values uniform in the bounds.
 */
export const l0: Geometry = {
  project(adv, x, epsilon, [low, high]) {
    const clipped = flatRows(tf.clipByValue(adv, low, high));
    const clean = flatRows(x);
    const change = tf.sub(clipped, clean);
    // y^2 - (y - c)^2, what changing a value by c instead of 0 gains, without its cancellation.
    const gain = tf.mul(change, tf.sub(tf.mul(2, tf.sub(flatRows(adv), clean)), change)) as tf.Tensor2D;
    return tf.reshape(tf.where(isAmongLargest(gain, epsilon), clipped, clean), x.shape);
  },
  steepestAscent: signOfLargest,
  randomPoint(x, rng, epsilon, [low, high]) {
    const perRow = x.shape.slice(1);
    const isChosen = isAmongLargest(flatRows(rng.uniform('start', perRow, 0, 1)), epsilon);
    return tf.where(tf.reshape(isChosen, x.shape), rng.uniform('start-values', perRow, low, high), x);
  },
  distance: (adv, x) => tf.sum(tf.cast(tf.notEqual(flatRows(adv), flatRows(x)), 'float32'), 1),
};
