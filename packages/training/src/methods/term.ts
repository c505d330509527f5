import { defineObjective } from '@advrob/core';
import { crossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

export const termOptions = z.strictObject({
  tilt: z
    .number()
    .refine((t) => t !== 0, 'must not be 0: that is erm')
    .default(2)
    .describe('t: above 0 the worst examples count more, below 0 less'),
});

/**
 * Tilted empirical risk minimisation (Li et al. 2021, https://arxiv.org/abs/2007.01162, equation
 * 2): `1/t * log(mean exp(t * CE_i))` over clean examples. Computed as a log-sum-exp, so that no
 * loss overflows; advbench's code adds 1e-6 inside the logarithm, which changes the value by less
 * than 1e-6 for t of 1 or more.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { term } from '@advrob/training';
 * const objective = term({ tilt: 5 });
 * ```
 */
export const term = defineObjective({
  name: 'term',
  summary: 'Tilted empirical risk: a soft maximum of the losses of the batch.',
  paper: 'Li et al. 2021, Tilted Empirical Risk Minimization, https://arxiv.org/abs/2007.01162',
  options: termOptions,
  create: ({ tilt }) => ({
    prepare: async ({ x, y }) => ({ x, y }),
    loss({ x, y }, model, how) {
      const losses = crossEntropy(model.logits(x, how), y);
      const tilted = tf.sub(tf.logSumExp(tf.mul(losses, tilt)), Math.log(losses.shape[0]!));
      return { total: tf.div(tilted, tilt), terms: { ce: tf.mean(losses) } };
    },
  }),
});
