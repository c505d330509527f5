import * as tf from '@tensorflow/tfjs-core';
import { lengths, signOf } from '../rows.js';
import type { Geometry } from './geometry.js';

/**
 * The largest change of a value.
 *
 * `project` clips to the ball, then to the bounds: the Euclidean projection on both together.
 * `steepestAscent` is the sign. `randomPoint` is uniform in the ball.
 */
export const linf: Geometry = {
  project: (adv, x, epsilon, [low, high]) =>
    tf.clipByValue(tf.minimum(tf.maximum(adv, tf.sub(x, epsilon)), tf.add(x, epsilon)), low, high),
  steepestAscent: (gradient) => signOf(gradient),
  randomPoint: (x, rng, epsilon) => tf.add(x, rng.uniform('start', x.shape.slice(1), -epsilon, epsilon)),
  distance: (adv, x) => lengths('linf', tf.sub(adv, x)),
};
