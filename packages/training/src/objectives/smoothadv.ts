import { defineObjective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { repeatRows } from '../inner/repeat-rows.js';
import { smoothed } from '../inner/smoothed.js';

export const smoothadvOptions = z.strictObject({
  sigma: z
    .number()
    .positive()
    .default(0.25)
    .describe("standard deviation of the noise in the model's units; 0.12 to 1 on CIFAR"),
  samples: z.int().min(1).default(4).describe('m: noise vectors for each example; 1 to 8 in the paper'),
  trainOn: z.enum(['all', 'first']).default('all').describe('noise vectors of each example that the loss sees'),
});

/**
 * Adversarial training of a smoothed classifier (SmoothAdv, Salman et al. 2019, https://arxiv.org/abs/1906.04584, algorithm 1): the attack ascends
 * `-log mean_s p_y(x' + sigma N_s)` with the same noise in all its steps, each from the last iterate, and the loss is the cross-entropy of x' + sigma N_s.
 *
 * The paper attacks with PGD in L2. advbench's version starts each step from the clean example and trains on x' without noise; this one does neither. The
 * official code trains on the first noise vector unless told otherwise (`trainOn: 'first'`) and with several takes a step for each part of a batch.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, smoothadv } from '@advrob/training';
 * import { pgd } from '@advrob/attacks';
 * await fit({ model, data, objective: smoothadv({ sigma: 0.5 }), attack: pgd({ steps: 10 }), threat: { norm: 'l2', epsilon: 1 }, epochs: 5 });
 * ```
 */
export const smoothadv = defineObjective({
  name: 'smoothadv',
  summary: 'SmoothAdv: adversarial training of a classifier smoothed by Gaussian noise.',
  paper:
    'Salman et al. 2019, Provably Robust Deep Learning via Adversarially Trained Smoothed Classifiers, https://arxiv.org/abs/1906.04584',
  options: smoothadvOptions,
  create: ({ sigma, samples, trainOn }) => ({
    async prepare(batch, { rng, model, maximize }) {
      const [count, ...shape] = batch.x.shape as [number, ...number[]];
      const noise = tf.tidy(() => tf.mul(rng.normal('smoothing', [count * samples, ...shape]), sigma));
      try {
        return { x: await maximize(batch, { model: smoothed(model, noise, samples) }), noise, y: batch.y };
      } catch (error) {
        noise.dispose();
        throw error;
      }
    },
    loss({ x, noise, y }, model, how) {
      if (trainOn === 'first') {
        const [count, ...shape] = x.shape as [number, ...number[]];
        const firsts = tf.slice(tf.reshape(noise, [count, samples, -1]), [0, 0, 0], [-1, 1, -1]);
        const noisy = tf.add(x, tf.reshape(firsts, [count, ...shape]));
        return { total: meanCrossEntropy(model.logits(noisy, how), y) };
      }
      const noisy = tf.add(repeatRows(x, samples), noise);
      return { total: meanCrossEntropy(model.logits(noisy, how), repeatRows(y, samples)) };
    },
  }),
});
