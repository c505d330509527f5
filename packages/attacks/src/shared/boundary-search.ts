import type { Scope } from '@advrob/core';
import { column, isFooled, lengths, select } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';

export const startTriesOption = z
  .int()
  .min(1)
  .default(100)
  .describe('random points tried as a start, one query each; an example for which none fools counts as a failure');

/** Points to start from. */
export interface Start {
  /** [rows, ...] */
  readonly adv: Tensor;
  /** Rows [rows] (bool) whose point fools the model. The others hold the clean example. */
  readonly isFound: Tensor;
}

/**
 * A point per row that fools the model, from labels alone: uniform noise over the bounds, by turns
 * pure and mixed with the example in a random proportion. A model often sees all noise as one
 * class, which leaves the examples of that class without a start; mixtures pass through other
 * classes.
 */
export async function findStart(scope: Scope<'labels'>, tries: number): Promise<Start> {
  const begin = { adv: scope.x, found: tf.zeros([scope.x.shape[0]!]) };
  const { adv, found } = await scope.iterate(begin, tries, (state, rows) => {
    const { x, rng, model, threat, step } = rows;
    const noise = rng.uniform('start', x.shape.slice(1), ...threat.bounds);
    const share = step % 2 === 0 ? tf.ones([x.shape[0]!]) : rng.uniform('share', [], 0, 1);
    const mixed = tf.add(x, tf.mul(tf.sub(noise, x), column(share, x)));
    const candidate = tf.clipByValue(mixed, ...threat.bounds);
    const labels = model.labels(candidate);
    rows.offer(candidate, labels);
    const fooled = isFooled(rows, labels);
    rows.finish(fooled);
    return {
      adv: select(fooled, candidate, state.adv),
      found: tf.maximum(state.found, tf.cast(fooled, 'float32')),
    };
  });
  return { adv, isFound: tf.greater(found, 0) };
}

/**
 * Bisects between the example and a point that fools: along the segment in L2, by the radius of a
 * ball that the point is clipped to in Linf. One query per halving. Rows without a point stay as
 * they are.
 *
 * @returns The nearest point that fooled, [rows, ...].
 */
export async function toBoundary(scope: Scope<'labels'>, { adv, isFound }: Start, halvings: number): Promise<Tensor> {
  const low = tf.zeros([scope.x.shape[0]!]);
  const begin = { far: adv, near: adv, low, high: tf.onesLike(low), isOpen: tf.cast(isFound, 'float32') };
  const { near } = await scope.iterate(begin, halvings, (state, rows) => {
    const { x, model } = rows;
    rows.finish(tf.equal(state.isOpen, 0));
    const middle = tf.mul(tf.add(state.low, state.high), 0.5);
    const candidate = rows.threat.norm === 'linf' ? clippedTo(x, state.far, middle) : between(x, state.far, middle);
    const labels = model.labels(candidate);
    rows.offer(candidate, labels);
    const fooled = tf.logicalAnd(isFooled(rows, labels), tf.greater(state.isOpen, 0));
    return {
      ...state,
      near: select(fooled, candidate, state.near),
      low: tf.where(fooled, state.low, middle),
      high: tf.where(fooled, middle, state.high),
    };
  });
  return near;
}

function between(x: Tensor, far: Tensor, share: Tensor): Tensor {
  return tf.add(x, tf.mul(tf.sub(far, x), column(share, x)));
}

function clippedTo(x: Tensor, far: Tensor, share: Tensor): Tensor {
  const offset = tf.sub(far, x);
  const radius = column(tf.mul(lengths('linf', offset), share), x);
  return tf.add(x, tf.minimum(tf.maximum(offset, tf.neg(radius)), radius));
}
