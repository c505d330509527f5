import { defineObjective, type Batch, type PrepareContext } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { crossEntropy, withoutGradient } from '@advrob/core/losses';
import { oneHot } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';

export const cvarOptions = z.strictObject({
  beta: z.number().positive().max(1).default(0.5).describe('share of the worst perturbations that counts'),
  samples: z.int().min(1).default(20).describe('M: random perturbations of each example'),
  threshold: z
    .enum(['exact', 'descent'])
    .default('exact')
    .describe('t: the quantile of the sampled losses, or gradient descent from 1 as in the public code'),
  steps: z.int().min(1).default(5).describe('fresh samples drawn by the descent, the last of which are trained on'),
  stepSize: z
    .number()
    .positive()
    .default(1)
    .describe('of the descent, per example; the public code has 1 / batch size'),
});

/**
 * Probabilistically robust learning (Robey et al. 2022, https://arxiv.org/abs/2202.01136, equation
 * 10): the conditional value at risk of the loss over random perturbations in the ball,
 * `mean_i min_t [t + 1 / (beta M) * sum_m relu(CE_im - t)]`: beta 1 is the mean, near 0 the
 * maximum. With `threshold: 'exact'` t is the quantile of the sampled losses, which minimises the
 * bracket; `'descent'` follows the public code. Needs a threat, no attack. One batch of M times the
 * size.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { cvar, fit } from '@advrob/training';
 * await fit({
 *   model, data, objective: cvar({ beta: 0.1 }), threat: { norm: 'linf', epsilon: 0.3 }, epochs: 5,
 * });
 * ```
 */
export const cvar = defineObjective({
  name: 'cvar',
  summary: 'Probabilistically robust learning: the mean loss of the worst share of random perturbations.',
  paper: 'Robey et al. 2022, Probabilistically Robust Learning, https://arxiv.org/abs/2202.01136',
  options: cvarOptions,
  create: ({ beta, samples, threshold, steps, stepSize }) => ({
    async prepare(batch, context) {
      let t: Tensor = tf.ones([batch.x.shape[0]!]);
      try {
        for (let step = 1; threshold === 'descent' && step < steps; step++) {
          const points = await drawPoints(batch, context, samples);
          const next = tf.tidy(() => {
            const losses = lossesOf(context.model.logits(points), tf.tile(batch.y, [samples]), samples);
            return descendThreshold(t, losses, beta, stepSize);
          });
          tf.dispose([points, t]);
          t = next;
        }
        const points = await drawPoints(batch, context, samples);
        return { points, y: tf.tile(batch.y, [samples]), t };
      } catch (error) {
        t.dispose();
        throw error;
      }
    },
    loss({ points, y, t }, model, how) {
      const losses = lossesOf(model.logits(points, how), y, samples);
      const perExample =
        threshold === 'exact'
          ? tf.sum(tf.mul(losses, worstShare(losses, beta)), 1)
          : tf.add(t, tf.div(tf.sum(tf.relu(tf.sub(losses, tf.expandDims(t, 1))), 1), beta * samples));
      return { total: tf.mean(perExample), terms: { ce: tf.mean(losses) } };
    },
  }),
});

/** Points [M * n, ...inputShape], sample after sample. The caller frees them. */
async function drawPoints(batch: Batch, { maximize }: PrepareContext, samples: number): Promise<Tensor> {
  const attack = randomPoint();
  const points: Tensor[] = [];
  for (let sample = 0; sample < samples; sample++) points.push(await maximize(batch, { attack }));
  const all = tf.concat(points);
  tf.dispose(points);
  return all;
}

/** Losses [n, M]. */
function lossesOf(logits: Tensor, y: Tensor, samples: number): Tensor {
  return tf.transpose(tf.reshape(crossEntropy(logits, y), [samples, -1]));
}

/** A random point of the ball: uniform for Linf and L2, clipped to the bounds. */
const randomPoint = defineAttack({
  name: 'random-point',
  summary: 'A random point of the ball.',
  knowledge: 'labels',
  norms: ['linf', 'l2', 'l1', 'l0'],
  budget: 'fixed',
  options: z.strictObject({}),
  async perturb({ x, rng, threat }) {
    return threat.randomStart(x, rng);
  },
});

/**
 * Weights [n, M] with which the losses [n, M] of each row add up to their conditional value at
 * risk: 1 / (beta M) for the largest beta M losses, a part of it for the last when beta M is not
 * whole, 0 for the others. A constant: by the envelope theorem the gradient goes through the losses
 * alone.
 */
function worstShare(losses: Tensor, beta: number): Tensor {
  const samples = losses.shape[1]!;
  const share = beta * samples;
  // A product such as 0.07 * 100 is a little above the whole number that is meant.
  const count = Math.max(1, Math.ceil(share - 1e-9));
  const weights = Array.from({ length: count }, (_, rank) =>
    rank < count - 1 ? 1 / share : 1 - (count - 1) / Math.max(share, 1),
  );
  return withoutGradient(losses, (values) => {
    const { indices } = tf.topk(values, count);
    const place = tf.reshape(oneHot(tf.reshape(indices, [-1]), samples), [...indices.shape, samples]);
    return tf.sum(tf.mul(place, tf.reshape(tf.tensor1d(weights), [1, count, 1])), 1);
  });
}

/** One step of gradient descent on `t + 1 / (beta M) * sum_m relu(CE_m - t)` for each row: [n]. */
function descendThreshold(t: Tensor, losses: Tensor, beta: number, stepSize: number): Tensor {
  const above = tf.mean(tf.cast(tf.greater(losses, tf.expandDims(t, 1)), 'float32'), 1);
  return tf.sub(t, tf.mul(stepSize, tf.sub(1, tf.div(above, beta))));
}
