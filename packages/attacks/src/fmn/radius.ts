import type { Norm } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** What the next radius depends on, one value per row [n]. */
export interface RadiusFacts {
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

export function firstRadius(norm: Norm, rows: number): Tensor {
  return tf.fill([rows], norm === 'l0' ? 1 : 0);
}

/**
 * The radius of the next step (Pintor et al. 2021, https://arxiv.org/abs/2102.12827, algorithm 1): by the share `change` smaller after a success and
 * larger otherwise, never above the best length; before the first success at least as far as the linear model says. In L0 by at least 1.
 *
 * In the paper the radius before the first success is what the linear model says. Where the bounds cut steps short, that can stay short of the
 * boundary for ever, so here it also grows as it does later.
 */
export function nextRadius(norm: Norm, facts: RadiusFacts, change: number): Tensor {
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
