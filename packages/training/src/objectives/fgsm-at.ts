import { defineObjective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as z from 'zod';
import { fastStep } from '../inner/fast-step.js';

export const fgsmAtOptions = z.strictObject({
  start: z.enum(['uniform', 'zero']).default('uniform').describe('a random point of the ball, or the clean example'),
  stepSize: z
    .number()
    .positive()
    .optional()
    .describe('length of the step in units of epsilon; default 1.25 from a random start, else 1'),
});

/**
 * Fast adversarial training (Wong, Rice, Kolter 2020, https://arxiv.org/abs/2001.03994, algorithm 3): cross-entropy of examples found by one step of
 * 1.25 epsilon from a uniform random start. `start: 'zero'` is training on FGSM (Goodfellow et al. 2015, https://arxiv.org/abs/1412.6572).
 *
 * It brings its own attack and needs only a threat; an attack given to `fit` is not used. One step can be learned by heart ("catastrophic overfitting"):
 * measure with PGD on validation data. The official code attacks in train mode: `attackMode: 'train'`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fgsmAt, fit } from '@advrob/training';
 * await fit({ model, data, objective: fgsmAt(), threat: { norm: 'linf', epsilon: 0.3 }, epochs: 5 });
 * ```
 */
export const fgsmAt = defineObjective({
  name: 'fgsm-at',
  summary: 'Fast adversarial training: one step from a random start.',
  paper: 'Wong, Rice, Kolter 2020, Fast is better than free, https://arxiv.org/abs/2001.03994',
  options: fgsmAtOptions,
  create({ start, stepSize = start === 'uniform' ? 1.25 : 1 }) {
    const attack = fastStep({ start, stepSize });
    return {
      prepare: async (batch, { maximize }) => ({ x: await maximize(batch, { attack }), y: batch.y }),
      loss: ({ x, y }, model, how) => ({ total: meanCrossEntropy(model.logits(x, how), y) }),
    };
  },
});
