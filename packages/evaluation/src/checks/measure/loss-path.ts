import type { Classifier } from '@advrob/core';
import { createThreat } from '@advrob/core/threat';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { lastIterates } from '../../evaluate/craft.js';
import { errorLogOdds, predictedClass, type AttackCall, type DrawnBatch } from './shared.js';

/**
 * The course of the loss under an attack; one entry per row asked for. Losses are log odds of an
 * error.
 */
export type LossPath = {
  readonly clean: number[];
  /** Highest up to three quarters of the path, and up to its end. */
  readonly early: number[];
  readonly best: number[];
  /** 1 where a point inside the ball fooled the model. */
  readonly fooled: (0 | 1)[];
} | null;

interface Visit {
  readonly logits: Tensor;
  readonly distance: Tensor;
}

/** Fewer passes than this are no path. */
const shortest = 4;

/**
 * Follows the forward passes that an attack makes on a batch. Null where it cannot be followed: it
 * looks for a minimal norm, has no last iterate, or works on several copies of each example.
 */
export async function measureLossPath(
  { model, attack, threat, seed, signal }: AttackCall,
  batch: DrawnBatch,
  rows: readonly number[],
): Promise<LossPath> {
  const { x, labels } = batch;
  const visits: Visit[] = [];
  try {
    const ball = createThreat(threat, model.bounds);
    const followed = follow(model, x, (adv, logits) =>
      visits.push({ logits: tf.keep(tf.clone(logits)), distance: tf.keep(ball.distance(adv, x)) }),
    );
    const last = await lastIterates(attack, followed, batch, threat, { seed, signal });
    if (!last) return null;
    tf.tidy(() => followed.logits(last)).dispose();
    last.dispose();
    if (visits.length < shortest) return null;
    return await summarize(model, visits, x, rows, labels, threat.epsilon);
  } finally {
    for (const { logits, distance } of visits) tf.dispose([logits, distance]);
  }
}

/** A view of `model` that shows every forward pass over as many rows as `x` has. */
function follow(model: Classifier, x: Tensor, visit: (adv: Tensor, logits: Tensor) => void): Classifier {
  const { inputShape, numClasses, bounds, weights, buffers } = model;
  return {
    inputShape,
    numClasses,
    bounds,
    weights,
    ...(buffers && { buffers }),
    logits(adv, how) {
      const logits = model.logits(adv, how);
      if (adv.shape[0] === x.shape[0]) visit(adv, logits);
      return logits;
    },
  };
}

async function summarize(
  model: Classifier,
  visits: readonly Visit[],
  x: Tensor,
  rows: readonly number[],
  labels: readonly number[],
  epsilon: number,
): Promise<LossPath> {
  const { numClasses } = model;
  const cleanLogits = tf.tidy(() => model.logits(x));
  const cleanValues = await cleanLogits.data().finally(() => cleanLogits.dispose());
  const clean = rows.map((row) => errorLogOdds(cleanValues, row, numClasses, labels[row]!));
  const early = rows.map(() => -Infinity);
  const best = rows.map(() => -Infinity);
  const fooled = rows.map((): 0 | 1 => 0);
  for (const [i, visit] of visits.entries()) {
    const logits = await visit.logits.data();
    const distances = await visit.distance.data();
    rows.forEach((row, place) => {
      // Slack for a distance in float32; an attack may also pass outside of the ball, which counts
      // for nothing.
      if (distances[row]! > epsilon * (1 + 1e-5) + 1e-5) return;
      const odds = errorLogOdds(logits, row, numClasses, labels[row]!);
      best[place] = Math.max(best[place]!, odds);
      if (i < 0.75 * visits.length) early[place] = Math.max(early[place]!, odds);
      if (predictedClass(logits, row, numClasses) !== labels[row]) fooled[place] = 1;
    });
  }
  const known = (values: number[]): number[] =>
    values.map((value, place) => (value === -Infinity ? clean[place]! : value));
  return { clean, early: known(early), best: known(best), fooled };
}
