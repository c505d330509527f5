import type { Scope, StepRows } from '@advrob/core';
import { column, select } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { averagedGradient } from '../shared/averaged-gradient.js';
import { reachOf } from '../shared/steps.js';
import { countIncrease, initialStepSizes, reviewStepSizes } from './step-size-review.js';

export interface ClimbOptions {
  readonly steps: number;
  readonly rho: number;
  readonly eot: number;
}

/**
 * APGD in Linf and L2 from `start` (Croce and Hein 2020, arXiv:2003.01690, algorithm 1): ascent
 * with momentum 0.25, step size 2 epsilon at first, halved per row where the loss no longer rises,
 * and a return to the best point whenever it is. Every iterate is offered.
 *
 * Step 0 of the loop evaluates the start, step `i` is iteration `i`. @returns The points with the
 * highest loss.
 */
export async function climb(scope: Scope<'gradients'>, start: Tensor, options: ClimbOptions): Promise<Best> {
  const windows = checkpoints(options.steps);
  const rows = start.shape[0]!;
  const begin = {
    adv: start,
    previous: start,
    gradient: tf.zerosLike(start),
    ...noBest(start),
    ...initialStepSizes(rows, 2 * reachOf(scope.threat, scope.x)),
  };
  const { best, bestGradient, bestLoss } = await scope.iterate(begin, options.steps + 1, (state, rows) => {
    const adv = rows.step === 0 ? state.adv : advance(state, rows);
    const { gradient, logits, loss } = averagedGradient(rows.model, adv, rows.lossOf, options.eot);
    rows.offer(adv, logits);
    const now = { adv, gradient, loss };
    const top = better(state, now);
    if (rows.step === 0) return { ...state, gradient, ...top, lossAtReview: loss };
    const counted = countIncrease(state, loss);
    const next = { ...state, ...counted, ...top, adv, gradient, previous: state.adv };
    const window = windows.get(rows.step);
    if (window === undefined) return next;
    const { sizes, halve } = reviewStepSizes(counted, top.bestLoss, window, options.rho);
    return { ...next, ...sizes, ...backToBest(halve, top, now) };
  });
  return { best, bestGradient, bestLoss };
}

type Position = Readonly<Record<'adv' | 'previous' | 'gradient' | 'stepSize', Tensor>>;

/**
 * One step: a gradient step and a quarter of the last move, each projected. The first step has no
 * last move.
 */
function advance({ adv, previous, gradient, stepSize }: Position, { x, threat, step }: StepRows<'gradients'>): Tensor {
  const ascent = tf.mul(threat.steepestAscent(gradient), column(stepSize, adv));
  const stepped = threat.project(tf.add(adv, ascent), x);
  const share = step === 1 ? 1 : 0.75;
  const moved = tf.add(tf.add(adv, tf.mul(tf.sub(stepped, adv), share)), tf.mul(tf.sub(adv, previous), 1 - share));
  return threat.project(moved, x);
}

/**
 * After which iterations (counted from 1) APGD reviews its step sizes, and over how many iterations
 * each review looks back: first 22% of the iterations, then each window 3% shorter than the one
 * before, down to 6% (Croce and Hein 2020, arXiv:2003.01690, section 3.2, as rounded by
 * AutoAttack). For 100 iterations: 22, 41, 57, 70, 80, 87, 93, 99.
 */
export function checkpoints(iterations: number): ReadonlyMap<number, number> {
  const atLeastOne = (share: number): number => Math.max(Math.trunc(share * iterations), 1);
  const [shrink, shortest] = [atLeastOne(0.03), atLeastOne(0.06)];
  const windows = new Map<number, number>();
  let window = atLeastOne(0.22);
  for (let at = window; at <= iterations; at += window) {
    windows.set(at, window);
    window = Math.max(window - shrink, shortest);
  }
  return windows;
}

/** The best point of each row with its gradient, so that an ascent can go back to it. */
export interface Best {
  readonly best: Tensor;
  readonly bestGradient: Tensor;
  /** [rows] */
  readonly bestLoss: Tensor;
}

/** One evaluated point per row. */
interface Evaluated {
  readonly adv: Tensor;
  readonly gradient: Tensor;
  /** [rows] */
  readonly loss: Tensor;
}

/** No best point yet: any loss is higher. */
export function noBest(like: Tensor): Best {
  const nothing = tf.zerosLike(like);
  return { best: nothing, bestGradient: nothing, bestLoss: tf.fill([like.shape[0]!], -Infinity) };
}

/** The best points after `now`; an equal loss is no improvement. */
export function better({ best, bestGradient, bestLoss }: Best, { adv, gradient, loss }: Evaluated): Best {
  const isBetter = tf.greater(loss, bestLoss);
  return {
    best: select(isBetter, adv, best),
    bestGradient: select(isBetter, gradient, bestGradient),
    bestLoss: tf.where(isBetter, loss, bestLoss),
  };
}

/** `now`, with the rows of `mask` [rows] (bool) put back to their best point. */
export function backToBest(
  mask: Tensor,
  { best, bestGradient }: Best,
  now: Evaluated,
): Pick<Evaluated, 'adv' | 'gradient'> {
  return { adv: select(mask, best, now.adv), gradient: select(mask, bestGradient, now.gradient) };
}
