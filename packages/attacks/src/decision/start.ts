import type { Scope } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { isFooled } from '../tensors/fooled.js';
import { column, select } from '../tensors/rows.js';

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
 * A point per row that fools the model, from labels alone: uniform noise over the bounds, by turns pure and mixed with the example in a random
 * proportion. A model often sees all noise as one class, which leaves the examples of that class without a start; mixtures pass through other classes.
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
