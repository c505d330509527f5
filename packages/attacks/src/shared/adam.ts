import { column, lengths } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The moments of Adam, each as long as the variable; they start at 0. */
export interface Moments {
  readonly mean: Tensor;
  readonly square: Tensor;
}

/**
 * One step of Adam (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1) with the
 * paper's constants 0.9, 0.999 and 1e-8; tfjs' own adds 1e-7. Value by value, so that rows do not
 * touch each other.
 *
 * @param step - 0, 1, ...
 * @returns What to subtract from the variable, and the new moments.
 */
export function adam(
  { mean, square }: Moments,
  gradient: Tensor,
  step: number,
  learningRate: number,
): Moments & { readonly change: Tensor } {
  const newMean = tf.add(tf.mul(mean, 0.9), tf.mul(gradient, 0.1));
  const newSquare = tf.add(tf.mul(square, 0.999), tf.mul(tf.square(gradient), 0.001));
  const unbiasedMean = tf.div(newMean, 1 - 0.9 ** (step + 1));
  const unbiasedSquare = tf.div(newSquare, 1 - 0.999 ** (step + 1));
  const change = tf.mul(tf.div(unbiasedMean, tf.add(tf.sqrt(unbiasedSquare), 1e-8)), learningRate);
  return { change, mean: newMean, square: newSquare };
}

/** The moments of {@link adamOverLargest}, in units of `largest`. */
export interface ScaledMoments extends Moments {
  /** Largest size of a gradient's entry so far, [n]; 0 at first. */
  readonly largest: Tensor;
}

/**
 * {@link adam} with its 1e-8 in units of the largest gradient of each row so far: the steps do not
 * change with the scale of the loss, where the gradients of confident examples would vanish beside
 * a fixed number and their squares underflow.
 */
export function adamOverLargest(
  { mean, square, largest }: ScaledMoments,
  gradient: Tensor,
  step: number,
  learningRate: number,
): ScaledMoments & { readonly change: Tensor } {
  const newLargest = tf.maximum(largest, lengths('linf', gradient));
  const unit = tf.where(tf.greater(newLargest, 0), newLargest, tf.onesLike(newLargest));
  const shrunk = column(tf.div(largest, unit), mean);
  const moments = { mean: tf.mul(mean, shrunk), square: tf.mul(square, tf.square(shrunk)) };
  return { ...adam(moments, tf.div(gradient, column(unit, gradient)), step, learningRate), largest: newLargest };
}
