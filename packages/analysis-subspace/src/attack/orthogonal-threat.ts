import type { ThreatModel } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { projectAway, type Subspace } from '@advrob/datasets';

/**
 * A threat model whose adversary may only move in M, orthogonal to P: the ball cut by M.
 *
 * Where P is spanned by axes, `project` is that of the norm on the other input values. Otherwise the change is projected on M and then shortened until it fits the
 * ball and the bounds, which keeps it in M but is not the nearest point: give the model wider bounds when clean examples lie at them.
 */
export function orthogonalThreat(base: ThreatModel, subspace: Subspace): ThreatModel {
  return {
    norm: base.norm,
    epsilon: base.epsilon,
    bounds: base.bounds,
    withEpsilon: (epsilon) => orthogonalThreat(base.withEpsilon(epsilon), subspace),
    project: (adv, x) =>
      tf.tidy(() => {
        const change = projectAway(subspace, tf.sub(adv, x));
        if (subspace.kind === 'axes') return base.project(tf.add(x, change), x);
        return tf.add(x, tf.mul(change, sharedLength(base, change, x)));
      }),
    steepestAscent: (gradient) =>
      tf.tidy(() => {
        const inside = projectAway(subspace, gradient);
        if (subspace.kind === 'axes' || base.norm === 'l2') return base.steepestAscent(inside);
        // Not the steepest in M, but it ascends: for linf <g, P sign(P g)> = |P g|_1.
        return projectAway(subspace, base.steepestAscent(inside));
      }),
    randomStart: (x, rng) => {
      const start = base.randomStart(x, rng);
      try {
        return tf.tidy(() => orthogonalThreat(base, subspace).project(start, x));
      } finally {
        start.dispose();
      }
    },
    distance: (adv, x) => base.distance(adv, x),
  };
}

/** The largest factor up to 1, [n, 1, ...], by which each row of `change` may be multiplied so that x + change stays in the ball and the bounds. */
function sharedLength({ epsilon, bounds: [low, high], distance }: ThreatModel, change: Tensor, x: Tensor): Tensor {
  const rows = tf.reshape(change, [x.shape[0]!, -1]);
  const inputs = tf.reshape(x, rows.shape);
  const room = tf.where(tf.greater(rows, 0), tf.sub(high, inputs), tf.sub(inputs, low));
  const perValue = tf.where(tf.notEqual(rows, 0), tf.div(room, tf.maximum(tf.abs(rows), 1e-30)), tf.onesLike(rows));
  const inBounds = tf.min(tf.maximum(perValue, 0), 1);
  const length = distance(change, tf.zerosLike(change));
  // The ball of radius 0 holds the example alone, that of radius Infinity everything.
  const inBall =
    epsilon === Infinity ? tf.onesLike(length) : tf.div(epsilon, tf.maximum(length, Math.max(epsilon, 1e-30)));
  return tf.reshape(tf.minimum(tf.minimum(inBounds, inBall), 1), [-1, ...x.shape.slice(1).map(() => 1)]);
}
