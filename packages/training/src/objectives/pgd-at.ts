import { defineObjective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as z from 'zod';

export const pgdAtOptions = z.strictObject({});

/**
 * Adversarial training (Madry et al. 2018, https://arxiv.org/abs/1706.06083, equation 2.1): mean cross-entropy of adversarial examples, which the attack
 * and the threat given to `fit` find. With PGD as the attack this is PGD-AT, with FGSM it is FGSM-AT.
 *
 * @example
 * ```ts
 * import { fit, pgdAt } from '@advrob/training';
 * import { pgd } from '@advrob/attacks';
 * await fit({ model, data, objective: pgdAt(), attack: pgd({ steps: 7 }), threat: { norm: 'linf', epsilon: 0.3 }, epochs: 5 });
 * ```
 */
export const pgdAt = defineObjective({
  name: 'pgd-at',
  summary: 'Adversarial training: cross-entropy of the examples that the attack found.',
  paper:
    'Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks, https://arxiv.org/abs/1706.06083',
  options: pgdAtOptions,
  create: () => ({
    prepare: async (batch, { maximize }) => ({ x: await maximize(batch), y: batch.y }),
    loss: ({ x, y }, model, how) => ({ total: meanCrossEntropy(model.logits(x, how), y) }),
  }),
});
