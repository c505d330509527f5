import * as tf from '@tensorflow/tfjs-core';
import { flatRows, rowSize } from './flat-rows.js';
import type { Geometry } from './geometry.js';
import { projectL1 } from './l1-projection.js';
import { signOfLargest } from './largest-values.js';
import { ballRadius } from './random-radius.js';

/**
 * The sum of the changes.
 *
 * `project` is the exact Euclidean projection on the ball and the bounds together, see {@link projectL1}. `steepestAscent` moves one value: the sign
 * at the largest `|g|`, the first of ties. `randomPoint` is uniform in the ball: a Laplace vector brought to length `epsilon * u^(1/d)`.
 */
export const l1: Geometry = {
  project: projectL1,
  steepestAscent: signOfLargest,
  randomPoint(x, rng, epsilon) {
    const direction = flatRows(rng.laplace('start', x.shape.slice(1)));
    const length = tf.maximum(tf.sum(tf.abs(direction), 1, true), 1e-30);
    const scale = tf.div(ballRadius(rng, epsilon, rowSize(x)), length);
    return tf.add(x, tf.reshape(tf.mul(direction, scale), x.shape));
  },
  distance: (adv, x) => tf.sum(tf.abs(flatRows(tf.sub(adv, x))), 1),
};
