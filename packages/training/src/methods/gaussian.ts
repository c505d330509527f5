import { defineObjective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

/**
 * Gaussian augmentation, the usual training of what randomised smoothing certifies: cross-entropy of
 * x + sigma N(0, I), noise drawn anew for every batch and not cut to the bounds.
 *
 * Cohen et al. 2019, section 3.3; the sigma of training is that of smoothing. Their CIFAR-10 recipe is
 * SGD with momentum 0.9, rate 0.1 divided by 10 every 30 of 90 epochs, weight decay 1e-4.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, gaussian } from '@advrob/training';
 * await fit({ model, data, objective: gaussian({ sigma: 0.5 }), epochs: 5 });
 * ```
 */
export const gaussian = defineObjective({
  name: 'gaussian',
  summary: 'Gaussian augmentation, for models that are smoothed.',
  paper:
    'Cohen, Rosenfeld, Kolter 2019, Certified Adversarial Robustness via Randomized Smoothing, https://arxiv.org/abs/1902.02918',
  options: z.strictObject({
    sigma: z
      .number()
      .positive()
      .default(0.25)
      .describe("standard deviation of the noise in the model's units; that of smoothing"),
  }),
  create: ({ sigma }) => ({
    prepare: async ({ x, y }, { rng }) => ({
      x: tf.tidy(() => tf.add(x, tf.mul(rng.normal('smoothing', x.shape), sigma))),
      y,
    }),
    loss: ({ x, y }, model, how) => ({ total: meanCrossEntropy(model.logits(x, how), y) }),
  }),
});
