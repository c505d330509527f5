import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';

/** The options of a search over the weight of the classification loss. */
export const searchOptions = {
  searches: z.int().min(1).default(9).describe('weights tried per example'),
  steps: z.int().min(1).default(1000).describe('most gradient steps per weight; the papers allow 10,000'),
  initialWeight: z.number().positive().default(1e-3).describe('first weight of the classification loss (c)'),
  confidence: z
    .number()
    .min(0)
    .default(0)
    .describe('lead in logits that the wrong class must have for a success (kappa)'),
  endsEarly: z
    .boolean()
    .default(true)
    .describe(
      'end an example, for this weight, when a tenth of the steps has lowered its objective by less than 0.01%',
    ),
};

/** The weight of each row's classification loss, and between which weights to look on. All [n]. */
export interface Weights {
  readonly weight: Tensor;
  /** Largest weight that was too small. */
  readonly lower: Tensor;
  /** Smallest weight that was enough. */
  readonly upper: Tensor;
}

/** Stands for no upper end yet. */
const unbounded = 1e10;

export function firstWeights(rows: number, weight: number): Weights {
  return { weight: tf.fill([rows], weight), lower: tf.zeros([rows]), upper: tf.fill([rows], unbounded) };
}

/**
 * The next weights, row by row: ten times as much until a weight was enough, from then on the
 * middle between the largest that was too small and the smallest that was enough.
 *
 * @param isSolved - Rows [n] (bool) that were fooled with the present weight.
 */
export function nextWeights({ weight, lower, upper }: Weights, isSolved: Tensor): Weights {
  const newUpper = tf.where(isSolved, tf.minimum(upper, weight), upper);
  const newLower = tf.where(isSolved, lower, tf.maximum(lower, weight));
  const middle = tf.mul(tf.add(newLower, newUpper), 0.5);
  const isBounded = tf.less(newUpper, unbounded);
  return { weight: tf.where(isBounded, middle, tf.mul(weight, 10)), lower: newLower, upper: newUpper };
}

/** How many steps ago each row was last fooled, [n], one step on; Infinity before a success. */
export function stepsSince(sinceFooled: Tensor, isFooledNow: Tensor): Tensor {
  return tf.where(isFooledNow, tf.zerosLike(sinceFooled), tf.add(sinceFooled, 1));
}

/**
 * Rows [n] (bool) that were fooled in the last twentieth of `steps` before they ended: where the
 * search came to rest, as in the paper of C&W, and not only on its way. The first steps of Adam
 * have half the learning rate in every value, more than the whole distance on colour images; if
 * they counted, as in the authors' code, weights that end at the example would be taken for enough.
 */
export function isSolved(sinceFooled: Tensor, steps: number): Tensor {
  return tf.less(sinceFooled, Math.max(1, Math.floor(steps / 20)));
}

/**
 * The weights that search number `search` (0, 1, ...) of `searches` takes: those given, but in the
 * last of at least ten the smallest that was enough, or 1e10 where none was, as in the authors'
 * code.
 */
export function weightsOfSearch(weights: Weights, search: number, searches: number): Weights {
  return searches >= 10 && search === searches - 1 ? { ...weights, weight: weights.upper } : weights;
}

/**
 * Rows [n] (bool) that make no more progress, asked at the steps for which {@link isReview} holds:
 * the objective is above 99.99% of its value at the last review.
 */
export function isStalled(objective: Tensor, atLastReview: Tensor): Tensor {
  return tf.greater(objective, tf.mul(atLastReview, 0.9999));
}

/** Whether progress is reviewed at this step: every tenth of `steps`, the first step included. */
export function isReview(step: number, steps: number): boolean {
  return step % Math.max(1, Math.floor(steps / 10)) === 0;
}
