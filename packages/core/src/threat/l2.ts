import * as tf from '@tensorflow/tfjs-core';
import { flatRows, lengths, rowSize, unit } from '../rows.js';
import type { Geometry } from './geometry.js';
import { ballRadius } from './geometry.js';

/**
 * The Euclidean distance.
 *
 * `project` scales the change back to the ball and then clips to the bounds, as AutoAttack and
 * every other peer does (Croce and Hein 2020, arXiv:2003.01690): feasible, and the Euclidean
 * projection on the ball alone, but where bounds are active not the one on both together.
 * `steepestAscent` is `g / |g|_2`. `randomPoint` is uniform in the ball: a Gaussian direction times
 * `epsilon * u^(1/d)`.
 */
export const l2: Geometry = {
  project(adv, x, epsilon, [low, high]) {
    const change = flatRows(tf.sub(adv, x));
    const length = tf.sqrt(tf.sum(tf.square(change), 1, true));
    const scale = tf.minimum(1, tf.div(epsilon, tf.maximum(length, 1e-12)));
    return tf.clipByValue(tf.add(x, tf.reshape(tf.mul(change, scale), x.shape)), low, high);
  },
  steepestAscent: (gradient) => unit('l2', gradient),
  randomPoint(x, rng, epsilon) {
    const direction = flatRows(unit('l2', rng.normal('start', x.shape.slice(1))));
    return tf.add(x, tf.reshape(tf.mul(direction, ballRadius(rng, epsilon, rowSize(x))), x.shape));
  },
  distance: (adv, x) => lengths('l2', tf.sub(adv, x)),
};
