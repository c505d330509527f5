import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { flatRows, lengths, rowSize, signOf } from '../rows.js';
import type { Bounds, Geometry } from './geometry.js';
import { ballRadius, signOfLargest } from './geometry.js';

/**
 * The sum of the changes.
 *
 * `project` is the exact Euclidean projection on the ball and the bounds together, see
 * {@link projectL1}. `steepestAscent` moves one value: the sign at the largest `|g|`, the first of
 * ties. `randomPoint` is uniform in the ball: a Laplace vector brought to length
 * `epsilon * u^(1/d)`.
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
  distance: (adv, x) => lengths('l1', tf.sub(adv, x)),
};

/** Halvings of the bracket of the water level: it ends at a millionth of the largest change. */
const halvings = 20;

/**
 * The point of the L1 ball and the bounds that is nearest to `adv` in Euclidean distance (Croce and
 * Hein 2021, arXiv:2103.01208, section 3.1).
 *
 * With `y = adv - x` and `room_i` the distance from `x_i` to the bound in the direction of `y_i`,
 * the solution is `d_i = sign(y_i) * min(max(|y_i| - level, 0), room_i)`, where `level >= 0` is the
 * smallest with `sum |d_i| <= epsilon`, bracketed by bisection: on any backend, without sorting.
 */
function projectL1(adv: Tensor, x: Tensor, epsilon: number, [low, high]: Bounds): Tensor {
  const change = flatRows(tf.sub(adv, x));
  const clean = flatRows(x);
  const size = tf.abs(change);
  const room = tf.relu(tf.where(tf.greater(change, 0), tf.sub(high, clean), tf.sub(clean, low)));
  const spread = (level: Tensor) => tf.minimum(tf.relu(tf.sub(size, level)), room);
  const total = (sizes: Tensor) => tf.sum(sizes, 1, true);

  let upper: Tensor = tf.max(size, 1, true);
  let lower: Tensor = tf.zerosLike(upper);
  for (let i = 0; i < halvings; i++)
    [lower, upper] = tf.tidy(() => {
      const middle = tf.mul(tf.add(lower, upper), 0.5);
      const isTooLow = tf.greater(total(spread(middle)), epsilon);
      return [tf.where(isTooLow, middle, lower), tf.where(isTooLow, upper, middle)];
    });

  // The interpolation spends epsilon to float rounding. It is exact for every value where no other
  // value's breakpoint lies inside the bracket, else to a millionth of the largest change.
  const most = spread(lower);
  const least = spread(upper);
  const gap = tf.maximum(tf.sub(total(most), total(least)), 1e-30);
  // Beyond 1 where even level 0 is inside the ball: then `most` is the clipped change itself.
  const share = tf.clipByValue(tf.div(tf.sub(epsilon, total(least)), gap), 0, 1);
  const kept = tf.add(least, tf.mul(tf.sub(most, least), share));
  const point = tf.add(clean, tf.mul(signOf(change), kept));
  return tf.reshape(tf.clipByValue(point, low, high), x.shape);
}
