import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { oneHot } from '../tensors/one-hot.js';

/** What a pair of values does to the classes, per row. */
export interface Saliency {
  /** Slope of the target's logit in each value [n, d]. */
  readonly target: Tensor;
  /** Slope of the sum of all other logits [n, d]. */
  readonly others: Tensor;
  /** 1 for values that may be chosen, else 0, [n, d] float32. */
  readonly open: Tensor;
}

/**
 * The pair of values of each row that raises the target and lowers the others most: the largest `-alpha * beta` with `alpha > 0` the sum of the two
 * slopes of the target and `beta < 0` that of the others; the first of ties in the order of flat indices (Papernot et al. 2016,
 * https://arxiv.org/abs/1511.07528, algorithm 3). All pairs are compared, some rows of the table at a time.
 *
 * @param scoresAtOnce - Scores that are held at once: the table of all pairs of an image is too large.
 * @returns `places` [n, d] with 1 at both values, all 0 where no pair will do, and `isFound` [n] (bool).
 */
export function bestPair(
  { target, others, open }: Saliency,
  scoresAtOnce = 2 ** 22,
): { readonly places: Tensor; readonly isFound: Tensor } {
  const [n, size] = target.shape as [number, number];
  // Products of small slopes underflow; scaling does not change the choice.
  const alphas = tf.where(tf.greater(open, 0), overLargest(target), tf.fill(target.shape, -4));
  const betas = overLargest(others);
  const perPart = Math.max(1, Math.min(size, Math.floor(scoresAtOnce / (n * size))));
  const best: Tensor[] = [];
  const partners: Tensor[] = [];
  for (let from = 0; from < size; from += perPart) {
    const count = Math.min(perPart, size - from);
    const [largest, partner] = tf.tidy(() => {
      const scores = scoresOf(alphas, betas, from, count);
      return [tf.max(scores, 2), tf.argMax(scores, 2)] as [Tensor, Tensor];
    });
    best.push(largest);
    partners.push(partner);
  }
  const perFirst = tf.concat(best, 1);
  const first = tf.argMax(perFirst, 1);
  const isFirst = oneHot(first, size);
  const second = tf.sum(tf.mul(isFirst, tf.cast(tf.concat(partners, 1), 'float32')), 1);
  const isFound = tf.greater(tf.max(perFirst, 1), 0);
  const places = tf.add(isFirst, oneHot(tf.cast(second, 'int32'), size));
  return { places: tf.mul(places, tf.expandDims(tf.cast(isFound, 'float32'), 1)), isFound };
}

/** `max(alpha, 0) * max(-beta, 0)` [n, count, d] of the pairs (p, q) with p from `from` on and q behind p; 0 for all others. */
function scoresOf(alphas: Tensor, betas: Tensor, from: number, count: number): Tensor {
  const [n, size] = alphas.shape as [number, number];
  const sums = (values: Tensor): Tensor =>
    tf.add(tf.expandDims(tf.slice(values, [0, from], [n, count]), 2), tf.expandDims(values, 1));
  const isBehind = tf.less(tf.expandDims(tf.range(from, from + count), 1), tf.expandDims(tf.range(0, size), 0));
  const score = tf.mul(tf.relu(sums(alphas)), tf.relu(tf.neg(sums(betas))));
  return tf.mul(score, tf.cast(isBehind, 'float32'));
}

function overLargest(rows: Tensor): Tensor {
  return tf.div(rows, tf.maximum(tf.max(tf.abs(rows), 1, true), 1e-30));
}
