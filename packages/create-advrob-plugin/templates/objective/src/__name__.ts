import { defineObjective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

/**
 * A weighted mean of the cross-entropy of clean and adversarial examples (Goodfellow et al. 2015, https://arxiv.org/abs/1412.6572, section 6). Replace this with
 * your loss: `prepare` makes the tensors once for a batch, `loss` is pure and differentiable in the weights.
 *
 * @example
 * ```ts
 * await fit({ model, data, objective: __identifier__({ weight: 0.7 }), attack: pgd({ steps: 7 }), threat: { norm: 'linf', epsilon: 0.1 }, epochs: 5 });
 * ```
 */
export const __identifier__ = defineObjective({
  name: '__name__',
  summary: 'A weighted mean of clean and adversarial cross-entropy.',
  paper: 'Goodfellow et al. 2015, Explaining and Harnessing Adversarial Examples, https://arxiv.org/abs/1412.6572',
  options: z.strictObject({ weight: z.number().min(0).max(1).default(0.5).describe('of the adversarial part') }),
  create: ({ weight }) => ({
    prepare: async (batch, { maximize }) => ({ x: batch.x, adversarial: await maximize(batch), y: batch.y }),
    loss({ x, adversarial, y }, model, how) {
      const clean = meanCrossEntropy(model.logits(x, how), y);
      const robust = meanCrossEntropy(model.logits(adversarial, how), y);
      return { total: tf.add(tf.mul(1 - weight, clean), tf.mul(weight, robust)), terms: { clean, robust } };
    },
  }),
});
