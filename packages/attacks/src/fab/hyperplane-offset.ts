import type { Norm } from '@advrob/core';
import { column, flatRows, signOf } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';

/** A linear function per row: `values` [n] of it at some points, and its gradient [n, ...]. */
export interface LinearAt {
  readonly at: Tensor;
  /** The value that must become 0. */
  readonly values: Tensor;
  readonly gradient: Tensor;
}

const newtonSteps = 20;
const halvings = 26;

/**
 * The shortest offset in the norm after which the linear function of each row is 0, inside the
 * bounds; where these do not reach so far, the offset to the corner that comes nearest (Croce and
 * Hein 2020, https://arxiv.org/abs/1907.02044, section 2.2). Without sorting, on any backend.
 *
 * Coordinate `i` moves towards 0 by at most its room to the bound: with slopes `a` by `min(level,
 * room)` in Linf and `min(level a, room)` in L2. The gain `sum a * moved` is concave in the level,
 * so Newton's iteration climbs to the root without overshooting. L1 uses up rooms by descending
 * slope.
 */
export function hyperplaneOffset(
  norm: Exclude<Norm, 'l0'>,
  { at, values, gradient }: LinearAt,
  [low, high]: readonly [number, number],
): Tensor {
  return tf.tidy(() => {
    const points = flatRows(at);
    const downhill = tf.mul(flatRows(gradient), column(tf.neg(signOf(values)), points));
    const slopes = tf.abs(downhill);
    // Scaled by the steepest slope: squares of small gradients underflow.
    const steepest = tf.max(slopes, 1, true);
    const unit = tf.where(tf.greater(steepest, 0), steepest, tf.onesLike(steepest));
    const slope = tf.div(slopes, unit);
    const wanted = tf.div(column(tf.abs(values), points), unit);
    const roomOf = tf.where(tf.greater(downhill, 0), tf.sub(high, points), tf.sub(points, low));
    const room = tf.where(tf.greater(slope, 1e-8), tf.relu(roomOf), tf.zerosLike(points)) as Tensor2D;
    const moved = norm === 'l1' ? steepestFirst(slope, room, wanted) : level(norm, slope, room, wanted);
    return tf.reshape(tf.mul(signOf(downhill), moved), at.shape);
  });
}

function rowSum(values: Tensor): Tensor {
  return tf.sum(values, 1, true);
}

/** Linf and L2: how far each coordinate moves. */
function level(norm: 'linf' | 'l2', slope: Tensor, room: Tensor, wanted: Tensor): Tensor {
  const speed = norm === 'linf' ? tf.onesLike(slope) : slope;
  const gainRate = tf.mul(slope, speed);
  const movedAt = (height: Tensor): Tensor => tf.minimum(tf.mul(speed, height), room);
  let height: Tensor = tf.zerosLike(wanted);
  for (let i = 0; i < newtonSteps; i++)
    height = tf.tidy(() => {
      const missing = tf.relu(tf.sub(wanted, rowSum(tf.mul(slope, movedAt(height)))));
      const isFree = tf.cast(tf.less(tf.mul(speed, height), room), 'float32');
      const rate = tf.maximum(rowSum(tf.mul(gainRate, isFree)), 1e-30);
      return tf.minimum(tf.add(height, tf.div(missing, rate)), 1e30);
    });
  return movedAt(height);
}

/**
 * L1: whole rooms in the order of descending slopes, found as the slope below which nothing moves;
 * the last coordinate moves in part.
 */
function steepestFirst(slope: Tensor, room: Tensor, wanted: Tensor): Tensor {
  const gains = tf.mul(slope, room);
  const gainAbove = (limit: Tensor): Tensor => rowSum(tf.mul(gains, tf.cast(tf.greater(slope, limit), 'float32')));
  let lower: Tensor = tf.zerosLike(wanted);
  let upper: Tensor = tf.onesLike(wanted);
  for (let i = 0; i < halvings; i++)
    [lower, upper] = tf.tidy(() => {
      const middle = tf.mul(tf.add(lower, upper), 0.5);
      const isTooMuch = tf.greater(gainAbove(middle), wanted);
      return [tf.where(isTooMuch, middle, lower), tf.where(isTooMuch, upper, middle)];
    });
  const whole = gainAbove(upper);
  const part = tf.maximum(tf.sub(gainAbove(lower), whole), 1e-30);
  const share = tf.clipByValue(tf.div(tf.sub(wanted, whole), part), 0, 1);
  const isWhole = tf.greater(slope, upper);
  const isPart = tf.logicalAnd(tf.greater(slope, lower), tf.logicalNot(isWhole));
  return tf.where(isWhole, room, tf.where(isPart, tf.mul(room, share), tf.zerosLike(room)));
}
