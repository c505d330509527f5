import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Outcomes of the present window per row [n]. */
export interface Outcomes {
  readonly tries: Tensor;
  readonly hits: Tensor;
}

export interface AdaptationRule {
  /** Outcomes that make a window. */
  readonly window: number;
  /** Share of hits above which steps get longer. */
  readonly high: number;
  /** Share of hits below which steps get shorter. */
  readonly low: number;
  readonly factor: number;
}

/** Adds the outcome `isHit` [n] (bool) to every row; nothing where there was none. */
export function countOutcome(tries: Tensor, hits: Tensor, isHit: Tensor | undefined): Outcomes {
  return isHit ? { tries: tf.add(tries, 1), hits: tf.add(hits, tf.cast(isHit, 'float32')) } : { tries, hits };
}

/** The factor [n] for the length of the steps, 1 but at the end of a window, and the outcomes of the window that goes on or begins. */
export function adapted({ tries, hits }: Outcomes, rule: AdaptationRule): Outcomes & { readonly factor: Tensor } {
  const isFull = tf.greaterEqual(tries, rule.window);
  const share = tf.div(hits, tf.maximum(tries, 1));
  const one = tf.onesLike(tries);
  const isLonger = tf.logicalAnd(isFull, tf.greater(share, rule.high));
  const isShorter = tf.logicalAnd(isFull, tf.less(share, rule.low));
  const factor = tf.where(isLonger, tf.mul(one, rule.factor), tf.where(isShorter, tf.div(one, rule.factor), one));
  const zero = tf.zerosLike(tries);
  return { factor, tries: tf.where(isFull, zero, tries), hits: tf.where(isFull, zero, hits) };
}
