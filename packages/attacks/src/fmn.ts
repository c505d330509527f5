import type { Norm } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { marginLoss } from '@advrob/core/losses';
import {
  column,
  distanceAlong,
  dualLengths,
  flatRows,
  isFooled,
  lengths,
  oneHot,
  signOf,
  unit,
} from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import { leadToLose } from './shared/margin.js';
import { cosine } from './shared/steps.js';

const options = z.strictObject({
  steps: z.int().min(1).default(100).describe('gradient steps'),
  stepSize: z
    .number()
    .positive()
    .default(1)
    .describe('Euclidean length of the first step, in units of the width of the bounds; the paper tries 1, 5 and 10'),
  finalStepSize: z.number().positive().default(0.01).describe('length that the steps fall to, along a cosine'),
  radiusChange: z
    .number()
    .positive()
    .lt(1)
    .default(0.05)
    .describe('share by which the radius changes in the first step (gamma)'),
  finalRadiusChange: z.number().positive().lt(1).default(0.001).describe('share that it falls to, along a cosine'),
  eot: eotOption,
});

/**
 * FMN: gradient steps on the difference of logits, each projected on a ball whose radius closes in
 * on the boundary: it shrinks after a success and grows otherwise, by ever smaller shares. In L0 a
 * value is a value, not a pixel of several channels.
 *
 * Gradients are normalised in L2 for every norm, as in the paper. The projection is Euclidean on
 * the ball, then the bounds clip. Differs from the paper in that the radius grows at every failure,
 * see {@link nextRadius}.
 *
 * @example
 * ```ts
 * const { closest } = await fmn().run(model, x, y, { norm: 'l0', epsilon: Infinity });
 * ```
 */
export const fmn = defineAttack({
  name: 'fmn',
  summary: 'Fast minimum-norm attack: projected gradient steps while the radius closes in on the boundary.',
  paper:
    'Pintor et al. 2021, Fast Minimum-norm Adversarial Attacks through Adaptive Norm Constraints, https://arxiv.org/abs/2102.12827',
  knowledge: 'gradients',
  norms: ['l0', 'l1', 'l2', 'linf'],
  budget: 'minimal',
  random: false,
  loss: marginLoss,
  options,
  async perturb(scope, { steps, stepSize, finalStepSize, radiusChange, finalRadiusChange, eot }) {
    const { norm, bounds } = scope.threat;
    const [low, high] = bounds;
    const n = scope.x.shape[0]!;
    const start = { adv: scope.x, radius: firstRadius(norm, n), best: tf.fill([n], Infinity) };
    const { adv } = await scope.iterate(start, steps, ({ adv, radius, best }, rows) => {
      const { x, model, step } = rows;
      const { gradient, logits, loss } = averagedGradient(model, adv, rows.lossOf, eot);
      rows.offer(adv, logits);
      const offset = tf.sub(adv, x);
      const length = lengths(norm, offset);
      const fooled = isFooled(rows, logits);
      const newBest = tf.where(fooled, tf.minimum(best, length), best);
      const slope = dualLengths(norm, gradient);
      const newRadius = nextRadius(
        norm,
        {
          radius,
          length,
          best: newBest,
          isFooled: fooled,
          wasFooled: tf.less(newBest, Infinity),
          ahead: distanceAlong(slope, leadToLose(loss, logits)),
        },
        cosine(radiusChange, finalRadiusChange, step, steps),
      );
      const farthest = lengths(norm, tf.maximum(tf.sub(x, low), tf.sub(high, x)));
      const capped = tf.minimum(newRadius, farthest);
      const move = tf.mul(unit('l2', gradient), (high - low) * cosine(stepSize, finalStepSize, step, steps));
      const moved = tf.add(x, shrinkTo(norm, tf.add(offset, move), capped));
      return { adv: tf.clipByValue(moved, low, high), radius: capped, best: newBest };
    });
    return adv;
  },
});

/** What the next radius depends on, one value per row [n]. */
interface RadiusFacts {
  readonly radius: Tensor;
  /** Bool: fooled now. */
  readonly isFooled: Tensor;
  /** Bool: fooled at some step so far, this one included. */
  readonly wasFooled: Tensor;
  /** Smallest length of a change that fooled, this one included; Infinity where none. */
  readonly best: Tensor;
  /** Length of the present change. */
  readonly length: Tensor;
  /** Distance to the boundary by the linear model at the present point. */
  readonly ahead: Tensor;
}

function firstRadius(norm: Norm, rows: number): Tensor {
  return tf.fill([rows], norm === 'l0' ? 1 : 0);
}

/**
 * The radius of the next step (Pintor et al. 2021, https://arxiv.org/abs/2102.12827, algorithm 1):
 * by the share `change` smaller after a success and larger otherwise, never above the best length;
 * before the first success at least as far as the linear model says. In L0 by at least 1.
 *
 * In the paper the radius before the first success is what the linear model says. Where the bounds
 * cut steps short, that can stay short of the boundary for ever, so here it also grows as it does
 * later.
 */
function nextRadius(norm: Norm, facts: RadiusFacts, change: number): Tensor {
  const { radius, isFooled, wasFooled, best, length, ahead } = facts;
  const smaller = tf.mul(radius, 1 - change);
  const larger = tf.mul(radius, 1 + change);
  if (norm === 'l0') {
    const fewer = tf.minimum(tf.minimum(tf.sub(radius, 1), tf.floor(smaller)), best);
    return tf.maximum(tf.where(isFooled, fewer, tf.maximum(tf.add(radius, 1), tf.floor(larger))), 0);
  }
  const afterFailure = tf.where(wasFooled, larger, tf.maximum(larger, tf.add(length, ahead)));
  return tf.where(isFooled, tf.minimum(smaller, best), afterFailure);
}

const halvings = 26;

/**
 * The Euclidean projection of each row of `offsets` [n, ...] on the ball of its own radius [n]
 * around 0, bounds aside. The threat models of core have one radius for all rows.
 */
export function shrinkTo(norm: Norm, offsets: Tensor, radius: Tensor): Tensor {
  return tf.tidy(() => {
    const rows = flatRows(offsets);
    return tf.reshape(balls[norm](rows, column(radius, rows) as Tensor2D), offsets.shape);
  });
}

const balls: Readonly<Record<Norm, (rows: Tensor2D, radius: Tensor2D) => Tensor>> = {
  linf: (rows, radius) => tf.minimum(tf.maximum(rows, tf.neg(radius)), radius),
  l2(rows, radius) {
    const length = tf.sqrt(tf.sum(tf.square(rows), 1, true));
    return tf.mul(rows, tf.minimum(tf.div(radius, tf.maximum(length, 1e-12)), 1));
  },
  l1: onL1Ball,
  l0: keepLargest,
};

/**
 * `sign(v) max(|v| - level, 0)` with the level at which the sum is the radius (Duchi et al. 2008):
 * bracketed by halving, then interpolated, without sorting.
 */
function onL1Ball(rows: Tensor2D, radius: Tensor2D): Tensor {
  const sizes = tf.abs(rows);
  const above = (level: Tensor): Tensor => tf.relu(tf.sub(sizes, level));
  const total = (values: Tensor): Tensor => tf.sum(values, 1, true);
  let upper: Tensor = tf.max(sizes, 1, true);
  let lower: Tensor = tf.zerosLike(upper);
  for (let i = 0; i < halvings; i++) {
    const middle = tf.mul(tf.add(lower, upper), 0.5);
    const isTooLow = tf.greater(total(above(middle)), radius);
    [lower, upper] = [tf.where(isTooLow, middle, lower), tf.where(isTooLow, upper, middle)];
  }
  const [most, least] = [above(lower), above(upper)];
  const gap = tf.maximum(tf.sub(total(most), total(least)), 1e-30);
  const share = tf.clipByValue(tf.div(tf.sub(radius, total(least)), gap), 0, 1);
  return tf.mul(signOf(rows), tf.add(least, tf.mul(tf.sub(most, least), share)));
}

/** The `radius` largest values of each row, the first of equal ones; the others 0. */
function keepLargest(rows: Tensor2D, radius: Tensor2D): Tensor {
  const size = rows.shape[1];
  const sizes = tf.abs(rows) as Tensor2D;
  const sorted = tf.topk(sizes, size).values;
  const last = tf.cast(tf.clipByValue(tf.sub(radius, 1), 0, size - 1), 'int32');
  const isLast = oneHot(tf.reshape(last, [-1]), size);
  const threshold = tf.sum(tf.mul(sorted, isLast), 1, true);
  const isAbove = tf.cast(tf.greater(sizes, threshold), 'float32');
  const isTied = tf.cast(tf.equal(sizes, threshold), 'float32');
  const placesLeft = tf.sub(radius, tf.sum(isAbove, 1, true));
  const isAmongFirst = tf.cast(tf.lessEqual(tf.cumsum(isTied, 1), placesLeft), 'float32');
  return tf.mul(rows, tf.add(isAbove, tf.mul(isTied, isAmongFirst)));
}
