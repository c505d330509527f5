import type { Scope, ThreatModel } from '@advrob/core';
import { column, flatRows, oneHot, rowSize, signOf } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { averagedGradient } from '../shared/averaged-gradient.js';
import { reachOf } from '../shared/steps.js';
import { backToBest, better, noBest, type Best, type ClimbOptions } from './climb.js';

interface L1Phase {
  /** The ball of this phase. */
  readonly threat: ThreatModel;
  readonly steps: number;
  /**
   * Whether the first step takes the share of its coordinates from the start; otherwise a fifth of
   * all.
   */
  readonly isWarm: boolean;
  /** Whether the iterates count: those of a larger ball do not. */
  readonly offers: boolean;
}

/**
 * APGD in L1 (Croce and Hein 2021, *Mind the box*, https://arxiv.org/abs/2103.01208, algorithm 1):
 * steps on the coordinates with the largest gradient, as many as two thirds of those that the best
 * point has changed. Every 4% of the steps a row whose best point has become sparser goes back to
 * it with the full step size epsilon; the others divide theirs by 1.5, down to epsilon / 10. No
 * momentum.
 *
 * Step 0 of the loop evaluates the start. @returns The points with the highest loss.
 */
export async function climbL1(
  scope: Scope<'gradients'>,
  start: Tensor,
  { threat, steps, isWarm, offers }: L1Phase,
  { eot }: Pick<ClimbOptions, 'eot'>,
): Promise<Best> {
  const { epsilon } = threat;
  const rows = start.shape[0]!;
  const size = rowSize(start);
  const changed = isWarm ? changedValues(start, scope.x) : tf.fill([rows], size);
  const period = Math.max(Math.trunc(0.04 * steps), 1);
  const begin = {
    adv: start,
    gradient: tf.zerosLike(start),
    ...noBest(start),
    stepSize: tf.fill([rows], epsilon),
    share: isWarm ? shareOf(changed, size) : tf.fill([rows], 0.2),
    changed,
  };
  const { best, bestGradient, bestLoss } = await scope.iterate(begin, steps + 1, (state, rows) => {
    const { x, step } = rows;
    const adv = step === 0 ? state.adv : advance(state, x);
    const { gradient, logits, loss } = averagedGradient(rows.model, adv, rows.lossOf, eot);
    if (offers) rows.offer(adv, logits);
    const now = { adv, gradient, loss };
    const top = better(state, now);
    const next = { ...state, adv, gradient, ...top };
    if (step === 0 || step % period !== 0) return next;

    const changedNow = changedValues(top.best, x);
    const isSparser = tf.less(tf.div(changedNow, state.changed), 0.95);
    const stepSize = tf.where(isSparser, tf.fill(isSparser.shape, epsilon), tf.div(state.stepSize, 1.5));
    return {
      ...next,
      ...backToBest(isSparser, top, now),
      stepSize: tf.clipByValue(stepSize, epsilon / 10, epsilon),
      share: shareOf(changedNow, size),
      changed: changedNow,
    };
  });
  return { best, bestGradient, bestLoss };

  function advance({ adv, gradient, share, stepSize }: Readonly<Record<string, Tensor>>, x: Tensor): Tensor {
    const direction = topShareAscent(gradient!, share!);
    return threat.project(tf.add(adv!, tf.mul(direction, column(stepSize!, adv!))), x);
  }
}

/** How many values of each row differ, [rows] float32. */
function changedValues(adv: Tensor, x: Tensor): Tensor {
  return tf.sum(flatRows(tf.cast(tf.notEqual(adv, x), 'float32')), 1);
}

function shareOf(changed: Tensor, size: number): Tensor {
  return tf.div(tf.div(changed, size), 1.5);
}

/**
 * A direction of unit L1 norm per row: the signs of the gradient at its largest entries. Row `i` of
 * [rows, ...] uses the share `share[i]` of its `d` coordinates, but at least one: those with `|g|`
 * at least as large as the entry at place `trunc((1 - share) d)` of the ascending order, so that
 * ties are included, as in AutoAttack.
 */
function topShareAscent(gradient: Tensor, share: Tensor): Tensor {
  const rows = flatRows(gradient);
  const size = rows.shape[1];
  const sizes = tf.abs(rows);
  const descending = tf.topk(sizes, size).values;
  const ascendingPlace = tf.cast(tf.clipByValue(tf.mul(tf.sub(1, share), size), 0, size - 1), 'int32');
  const place = tf.sub(tf.scalar(size - 1, 'int32'), ascendingPlace);
  const isPlace = oneHot(place, size);
  const smallest = tf.sum(tf.mul(descending, isPlace), 1, true);
  const signs = tf.mul(signOf(rows), tf.cast(tf.greaterEqual(sizes, smallest), 'float32'));
  const count = tf.add(tf.sum(tf.abs(signs), 1), 1e-10);
  return tf.reshape(tf.div(signs, column(count, signs)), gradient.shape);
}

/** Radius in units of epsilon, and steps, of each phase. */
export function largeBallPhases(steps: number): readonly (readonly [factor: number, steps: number])[] {
  const part = Math.ceil(0.3 * steps);
  return [
    [3, part],
    [2, part],
    [1, steps - 2 * part],
  ];
}

/**
 * APGD in L1 in balls of 3, 2 and 1 epsilon one after another, each from the best point of the one
 * before, brought into the smaller ball: the gradient at the example itself is a poor guide in L1
 * (Croce and Hein 2021, https://arxiv.org/abs/2103.01208, section 4.3). Only points of the last
 * ball count.
 *
 * @param steps - In all, at least 2.
 */
export async function climbLargeBalls(
  scope: Scope<'gradients'>,
  start: Tensor,
  options: Pick<ClimbOptions, 'steps' | 'eot'>,
): Promise<Best> {
  const radius = reachOf(scope.threat, scope.x);
  let found: Best | undefined;
  for (const [factor, steps] of largeBallPhases(options.steps)) {
    const before = found;
    found = await scope.tidy(() => {
      const threat = scope.threat.withEpsilon(factor * radius);
      const from = threat.project(before?.best ?? start, scope.x);
      return climbL1(scope, from, { threat, steps, isWarm: true, offers: factor === 1 }, options);
    });
    tf.dispose({ ...before });
  }
  return found!;
}
