import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** What APGD remembers to judge its step sizes, one value per row [rows]. */
export interface StepSizes {
  readonly stepSize: Tensor;
  /**
   * Loss one iteration ago; 0 before the first iteration, as in AutoAttack, so that a positive
   * first loss counts as an increase.
   */
  readonly lastLoss: Tensor;
  /** Iterations since the last review whose loss was above that of the iteration before. */
  readonly increases: Tensor;
  /** Best loss at the last review. */
  readonly lossAtReview: Tensor;
  /**
   * 1 where the last review halved the step, else 0. 1 before the first review, so that it judges
   * the increases alone.
   */
  readonly wasHalved: Tensor;
}

export function initialStepSizes(rows: number, stepSize: number): StepSizes {
  return {
    stepSize: tf.fill([rows], stepSize),
    lastLoss: tf.zeros([rows]),
    increases: tf.zeros([rows]),
    lossAtReview: tf.zeros([rows]),
    wasHalved: tf.ones([rows]),
  };
}

/** Counts the increase of one iteration with this `loss` [rows]. */
export function countIncrease(sizes: StepSizes, loss: Tensor): StepSizes {
  const isIncrease = tf.cast(tf.greater(loss, sizes.lastLoss), 'float32');
  return { ...sizes, lastLoss: loss, increases: tf.add(sizes.increases, isIncrease) };
}

/**
 * The review of a checkpoint (Croce and Hein 2020, arXiv:2003.01690, conditions 1 and 2): a step is
 * halved when at most `rho` of the last `window` iterations increased the loss, or when neither the
 * step nor the best loss has changed since the last review.
 *
 * @param bestLoss - [rows]
 * @returns The step sizes, and `halve` [rows] (bool): the rows that must go back to their best
 *   point.
 */
export function reviewStepSizes(
  sizes: StepSizes,
  bestLoss: Tensor,
  window: number,
  rho: number,
): { readonly sizes: StepSizes; readonly halve: Tensor } {
  const oscillates = tf.lessEqual(sizes.increases, rho * window);
  const isStuck = tf.logicalAnd(tf.equal(sizes.wasHalved, 0), tf.greaterEqual(sizes.lossAtReview, bestLoss));
  const halve = tf.logicalOr(oscillates, isStuck);
  return {
    halve,
    sizes: {
      stepSize: tf.where(halve, tf.div(sizes.stepSize, 2), sizes.stepSize),
      lastLoss: sizes.lastLoss,
      increases: tf.zerosLike(sizes.increases),
      lossAtReview: bestLoss,
      wasHalved: tf.cast(halve, 'float32'),
    },
  };
}
