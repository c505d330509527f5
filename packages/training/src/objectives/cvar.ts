import { defineObjective, type Batch, type PrepareContext } from '@advrob/core';
import { crossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { randomPoint } from '../inner/random-point.js';
import { descendThreshold, worstShare } from './cvar-threshold.js';

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
 * Probabilistically robust learning (Robey et al. 2022, https://arxiv.org/abs/2202.01136, equation 10): the conditional value at risk of the loss over
 * random perturbations in the ball, `mean_i min_t [t + 1 / (beta M) * sum_m relu(CE_im - t)]`: beta 1 is the mean, beta near 0 the maximum.
 *
 * With `threshold: 'exact'` t is the quantile of the sampled losses, which minimises the bracket, and the gradient is that of the mean of the worst share.
 * `'descent'` follows the public code. Needs a threat, no attack. All samples go through the network in one batch of M times the size.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { cvar, fit } from '@advrob/training';
 * await fit({ model, data, objective: cvar({ beta: 0.1 }), threat: { norm: 'linf', epsilon: 0.3 }, epochs: 5 });
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
