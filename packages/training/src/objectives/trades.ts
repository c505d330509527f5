import { defineObjective } from '@advrob/core';
import { klLoss, meanCrossEntropy, meanKlDivergence } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { secondPass } from './second-pass.js';

export const tradesOptions = z.strictObject({
  beta: z.number().min(0).default(6).describe('weight of the divergence; 6 on CIFAR, 1 on MNIST'),
  advbenchCompat: z
    .boolean()
    .default(false)
    .describe(
      'cross-entropy of the adversarial examples, not of the clean ones: a slip of advbench, to compare with it',
    ),
});

/**
 * TRADES (Zhang et al. 2019, https://arxiv.org/abs/1901.08573, equation 5): `CE(f(x), y) + beta * KL(p(x) || p(x'))`, where the attack ascends the same
 * divergence. The gradient flows through both terms of the divergence. Give it an attack with a random start, because at the clean example the divergence
 * has no slope; the official code starts at x + 0.001 N(0, 1).
 *
 * The official code runs the clean examples through the network twice; here one pass serves both terms, so batch norm's running statistics move twice a
 * step instead of three times.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, trades } from '@advrob/training';
 * import { pgd } from '@advrob/attacks';
 * await fit({ model, data, objective: trades({ beta: 1 }), attack: pgd({ steps: 10 }), threat: { norm: 'linf', epsilon: 0.3 }, epochs: 5 });
 * ```
 */
export const trades = defineObjective({
  name: 'trades',
  summary: 'TRADES: clean cross-entropy plus the divergence between clean and adversarial outputs.',
  paper:
    'Zhang et al. 2019, Theoretically Principled Trade-off between Robustness and Accuracy, https://arxiv.org/abs/1901.08573',
  options: tradesOptions,
  create: ({ beta, advbenchCompat }) => ({
    prepare: async (batch, { maximize }) => ({
      x: batch.x,
      adversarial: await maximize(batch, { loss: klLoss }),
      y: batch.y,
    }),
    loss({ x, adversarial, y }, model, how) {
      const clean = model.logits(x, how);
      const moved = model.logits(adversarial, secondPass(how));
      const ce = meanCrossEntropy(advbenchCompat ? moved : clean, y);
      const kl = meanKlDivergence(clean, moved);
      return { total: tf.add(ce, tf.mul(beta, kl)), terms: { ce, kl } };
    },
  }),
});
