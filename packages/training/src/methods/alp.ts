import { defineObjective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { secondPass } from '../random.js';
import { rowLengths } from './shared.js';

export const alpOptions = z.strictObject({
  weight: z.number().min(0).default(1).describe('weight of the pairing'),
  squared: z.boolean().default(false).describe('pairs by the squared distance of the logits'),
  cleanShare: z.number().min(0).max(1).default(0).describe('share of clean cross-entropy'),
});

/**
 * Adversarial logit pairing (Kannan et al. 2018, https://arxiv.org/abs/1803.06373):
 * `CE(f(x'), y) + weight * mean ||z(x') - z(x)||_2`, with the defaults of advbench (Robey et al.
 * 2021); the original squares the distance and takes half of the cross-entropy from clean examples.
 * Unsquared, the pairing pulls as hard at small distances as at large ones: from scratch it can
 * hold all logits together at chance level. Raise epsilon slowly (`epsilonSchedule`) or lower the
 * weight.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { alp } from '@advrob/training';
 * const original = alp({ weight: 0.5, squared: true, cleanShare: 0.5 });
 * ```
 */
export const alp = defineObjective({
  name: 'alp',
  summary: 'Adversarial logit pairing: adversarial cross-entropy plus the distance of clean and adversarial logits.',
  paper: 'Kannan et al. 2018, Adversarial Logit Pairing, https://arxiv.org/abs/1803.06373',
  options: alpOptions,
  create: ({ weight, squared, cleanShare }) => ({
    prepare: async (batch, { maximize }) => ({ x: batch.x, adversarial: await maximize(batch), y: batch.y }),
    loss({ x, adversarial, y }, model, how) {
      const clean = model.logits(x, how);
      const moved = model.logits(adversarial, secondPass(how));
      const difference = tf.sub(moved, clean);
      const pairing = tf.mean(squared ? tf.sum(tf.square(difference), 1) : rowLengths(difference));
      const robust = meanCrossEntropy(moved, y);
      const ce =
        cleanShare === 0
          ? robust
          : tf.add(tf.mul(1 - cleanShare, robust), tf.mul(cleanShare, meanCrossEntropy(clean, y)));
      return { total: tf.add(ce, tf.mul(weight, pairing)), terms: { ce, pairing } };
    },
  }),
});
