import { defineObjective, defineTrainer } from '@advrob/core';
import { klLoss, meanCrossEntropy, meanKlDivergence } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { awp, awpOptions } from '../parts/awp.js';
import { sgd } from '../parts/sgd.js';
import { secondPass } from '../random.js';
import { sgdShape } from './shared.js';

const tradesOptions = z.strictObject({
  beta: z.number().min(0).default(6).describe('weight of the divergence; 6 on CIFAR, 1 on MNIST'),
  advbenchCompat: z
    .boolean()
    .default(false)
    .describe(
      'cross-entropy of the adversarial examples, not of the clean ones: a slip of advbench, to compare with it',
    ),
});

/**
 * TRADES (Zhang et al. 2019, https://arxiv.org/abs/1901.08573, equation 5):
 * `CE(f(x), y) + beta * KL(p(x) || p(x'))`, the gradient through both terms of the divergence,
 * which the attack ascends too. Give it an attack with a random start: at the clean example the
 * divergence has no slope (the official code starts at x + 0.001 N(0, 1)). One clean forward pass
 * serves both terms, so batch norm's running statistics move twice a step, not three times as
 * there.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, trades } from '@advrob/training';
 * import { pgd } from '@advrob/attacks';
 * await fit({
 *   model, data, objective: trades({ beta: 1 }), attack: pgd({ steps: 10 }),
 *   threat: { norm: 'linf', epsilon: 0.3 }, epochs: 5,
 * });
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

/**
 * TRADES with the SGD of its official code on CIFAR-10: beta 6, momentum 0.9, weight decay 2e-4; a
 * learning rate of 0.1 that falls tenfold at 75 of 76 passes, in a longer or shorter run at the
 * same fraction of it. On MNIST: beta 1, weight decay 0, learning rate 0.01, drops at 55, 75 and 90
 * of 100.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, tradesTrainer } from '@advrob/training';
 * await fit({
 *   model, data, ...tradesTrainer(), attack, threat: { norm: 'linf', epsilon: 8 / 255 },
 *   epochs: 76,
 * });
 * ```
 */
export const tradesTrainer = defineTrainer({
  name: 'trades',
  summary: 'TRADES with the SGD of its code.',
  paper:
    'Zhang et al. 2019, Theoretically Principled Trade-off between Robustness and Accuracy, https://arxiv.org/abs/1901.08573',
  options: z.strictObject({ ...tradesOptions.shape, ...sgdShape(2e-4) }),
  create: ({ momentum, weightDecay, ...own }) => ({
    objective: trades(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.1,
    schedule: { name: 'step', at: [75 / 76], unit: 'run' },
  }),
});

/**
 * TRADES-AWP of Wu, Xia, Wang 2020 (https://arxiv.org/abs/2004.05884) on CIFAR-10: beta 6, gamma
 * 0.005 after 10 passes, momentum 0.9, weight decay 5e-4; a learning rate of 0.1 that falls tenfold
 * after a half and three quarters of the run (100 and 150 of 200 passes).
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, tradesAwpTrainer } from '@advrob/training';
 * await fit({
 *   model, data, ...tradesAwpTrainer(), attack, threat: { norm: 'linf', epsilon: 8 / 255 },
 *   epochs: 200,
 * });
 * ```
 */
export const tradesAwpTrainer = defineTrainer({
  name: 'trades-awp',
  summary: 'TRADES with adversarial weight perturbation.',
  paper:
    'Wu, Xia, Wang 2020, Adversarial Weight Perturbation Helps Robust Generalization, https://arxiv.org/abs/2004.05884',
  options: z.strictObject({
    ...tradesOptions.shape,
    gamma: awpOptions.shape.gamma.unwrap().default(0.005),
    warmUp: awpOptions.shape.warmUp.unwrap().default(10),
    ...sgdShape(5e-4),
  }),
  create: ({ momentum, weightDecay, gamma, warmUp, ...own }) => ({
    objective: trades(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.1,
    schedule: { name: 'step', at: [0.5, 0.75], unit: 'run' },
    transforms: [awp({ gamma, warmUp })],
  }),
});
