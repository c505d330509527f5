import { defineObjective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { secondPass } from '../random.js';
import { rowLengths } from './shared.js';

export const clpOptions = z.strictObject({
  weight: z.number().min(0).default(1).describe('weight of the pairing'),
});

/**
 * Clean logit pairing as advbench has it (Robey et al. 2021, after Kannan et al. 2018,
 * https://arxiv.org/abs/1803.06373): `CE(f(x), y) + weight * mean ||z(x') - z(x)||_2`, each clean
 * example with its adversarial one.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { clp } from '@advrob/training';
 * const objective = clp({ weight: 0.5 });
 * ```
 */
export const clp = defineObjective({
  name: 'clp',
  summary: 'Clean logit pairing: clean cross-entropy plus the distance of clean and adversarial logits.',
  paper: 'Kannan et al. 2018, Adversarial Logit Pairing, https://arxiv.org/abs/1803.06373',
  options: clpOptions,
  create: ({ weight }) => ({
    prepare: async (batch, { maximize }) => ({ x: batch.x, adversarial: await maximize(batch), y: batch.y }),
    loss({ x, adversarial, y }, model, how) {
      const clean = model.logits(x, how);
      const ce = meanCrossEntropy(clean, y);
      const pairing = tf.mean(rowLengths(tf.sub(model.logits(adversarial, secondPass(how)), clean)));
      return { total: tf.add(ce, tf.mul(weight, pairing)), terms: { ce, pairing } };
    },
  }),
});
