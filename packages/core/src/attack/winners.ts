import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ThreatModel } from '../contract/index.js';
import { gather, repeatRows, select } from '../rows.js';

/** The best point of each example so far, on the device. */
export type Winners = Readonly<{
  /** [m, ...] */
  adversarial: Tensor;
  /** 1 where the model was fooled, else 0, float32 [m]. */
  found: Tensor;
  /** Smallest distance found [m], Infinity where none; kept for a minimal norm only. */
  distance: Tensor;
  /** Forward passes so far [m], float32. */
  queries: Tensor;
}>;

/** How an offered point is judged. */
interface Rule {
  /**
   * `first`: the first point that fools wins. `within`: as `first`, but only inside the ball.
   * `closest`: the smallest distance wins.
   */
  readonly keep: 'first' | 'within' | 'closest';
  readonly threat: ThreatModel;
}

/** Nothing found yet. `done` [m] (0 or 1) marks examples that need no attack. */
export function noWinners(x: Tensor, done: Float32Array): Winners {
  return tf.tidy(() => ({
    adversarial: tf.clone(x),
    found: tf.tensor1d(done),
    distance: tf.tensor1d(done.map((isDone) => (isDone ? 0 : Infinity))),
    queries: tf.zeros([done.length]),
  }));
}

/**
 * The winners after `adv` [m * lanes, ...], where `eligible` [m * lanes] (bool) says which points
 * fooled the model.
 */
export function judge(winners: Winners, adv: Tensor, eligible: Tensor, x: Tensor, lanes: number, rule: Rule): Winners {
  if (rule.keep === 'closest') return keepClosest(winners, adv, eligible, x, lanes, rule.threat);
  const { threat } = rule;
  if (rule.keep === 'first') return keepFirst(winners, adv, eligible, lanes);
  // Half of what the final check allows: this distance is computed in float32.
  const limit = threat.epsilon + slackOf(threat, adv.size / adv.shape[0]!) / 2;
  const inside = tf.logicalAnd(eligible, tf.lessEqual(threat.distance(adv, repeated(x, lanes)), limit));
  return keepFirst(winners, adv, inside, lanes);
}

function keepFirst(winners: Winners, adv: Tensor, eligible: Tensor, lanes: number): Winners {
  const perLane = tf.reshape(tf.cast(eligible, 'float32'), [-1, lanes]);
  const any = tf.max(perLane, 1);
  const hit = tf.greater(tf.sub(any, winners.found), 0);
  const point = lanes === 1 ? adv : pickLane(adv, tf.argMax(perLane, 1), lanes);
  return {
    ...winners,
    adversarial: select(hit, point, winners.adversarial),
    found: tf.maximum(winners.found, any),
  };
}

function keepClosest(
  winners: Winners,
  adv: Tensor,
  eligible: Tensor,
  x: Tensor,
  lanes: number,
  threat: ThreatModel,
): Winners {
  const distances = threat.distance(adv, repeated(x, lanes));
  const perLane = tf.reshape(tf.where(eligible, distances, tf.fill(distances.shape, Infinity)), [-1, lanes]);
  const nearest = tf.min(perLane, 1);
  const closer = tf.less(nearest, winners.distance);
  const point = lanes === 1 ? adv : pickLane(adv, tf.argMin(perLane, 1), lanes);
  return {
    ...winners,
    adversarial: select(closer, point, winners.adversarial),
    distance: tf.minimum(nearest, winners.distance),
    found: tf.maximum(winners.found, tf.max(tf.reshape(tf.cast(eligible, 'float32'), [-1, lanes]), 1)),
  };
}

function pickLane(rows: Tensor, lane: Tensor, lanes: number): Tensor {
  const count = lane.shape[0]!;
  const first = tf.tensor1d(
    Int32Array.from({ length: count }, (_, i) => i * lanes),
    'int32',
  );
  return gather(rows, tf.add(first, lane));
}

function repeated(tensor: Tensor, lanes: number): Tensor {
  return lanes === 1 ? tensor : repeatRows(tensor, lanes);
}

/**
 * How far float32 rounding of x + delta may carry the distance of a point with `size` values over
 * the radius, when the point was projected exactly: half a unit in the last place per value, and as
 * much again for a distance that was itself computed in float32.
 */
export function slackOf({ norm, epsilon, bounds }: ThreatModel, size: number): number {
  if (norm === 'l0') return 0;
  const largest = Math.max(Math.abs(bounds[0]), Math.abs(bounds[1]), 1);
  const perValue = 1.2e-7 * largest;
  const values = norm === 'linf' ? 1 : norm === 'l2' ? Math.sqrt(size) : size;
  return values * perValue + (Number.isFinite(epsilon) ? 1e-6 * epsilon : 0);
}
