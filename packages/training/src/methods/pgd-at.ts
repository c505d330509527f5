import { defineObjective, defineTrainer } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as z from 'zod';
import { awp, awpOptions } from '../parts/awp.js';
import { sgd } from '../parts/sgd.js';
import { sgdShape } from './shared.js';

const pgdAtOptions = z.strictObject({});

/**
 * Adversarial training (Madry et al. 2018, https://arxiv.org/abs/1706.06083, equation 2.1): mean
 * cross-entropy of adversarial examples, which the attack and the threat given to `fit` find. With
 * PGD as the attack this is PGD-AT, with FGSM it is FGSM-AT.
 *
 * @example
 * ```ts
 * import { fit, pgdAt } from '@advrob/training';
 * import { pgd } from '@advrob/attacks';
 * await fit({
 *   model, data, objective: pgdAt(), attack: pgd({ steps: 7 }),
 *   threat: { norm: 'linf', epsilon: 0.3 }, epochs: 5,
 * });
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

/**
 * Adversarial training as Rice et al. 2020 (https://arxiv.org/abs/2002.11569) run it on CIFAR-10:
 * momentum 0.9, weight decay 5e-4, a learning rate of 0.1 that falls tenfold after a half and three
 * quarters of the run (100 and 150 of 200 passes). Its attack is PGD with 10 steps of 2/255.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, pgdAtTrainer } from '@advrob/training';
 * await fit({
 *   model, data, ...pgdAtTrainer(), attack, threat: { norm: 'linf', epsilon: 8 / 255 },
 *   epochs: 200,
 * });
 * ```
 */
export const pgdAtTrainer = defineTrainer({
  name: 'pgd-at',
  summary: 'PGD-AT with the SGD of Rice et al.',
  paper: 'Rice, Wong, Kolter 2020, Overfitting in adversarially robust deep learning, https://arxiv.org/abs/2002.11569',
  options: z.strictObject({ ...pgdAtOptions.shape, ...sgdShape(5e-4) }),
  create: ({ momentum, weightDecay, ...own }) => ({
    objective: pgdAt(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.1,
    schedule: { name: 'step', at: [0.5, 0.75], unit: 'run' },
  }),
});

/**
 * AT-AWP of Wu, Xia, Wang 2020 (https://arxiv.org/abs/2004.05884) on CIFAR-10: gamma 0.01 from the
 * first pass (SVHN: `warmUp: 5`), momentum 0.9, weight decay 5e-4; a learning rate of 0.1 that
 * falls tenfold after a half and three quarters of the run (100 and 150 of 200 passes).
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, pgdAtAwpTrainer } from '@advrob/training';
 * await fit({
 *   model, data, ...pgdAtAwpTrainer(), attack, threat: { norm: 'linf', epsilon: 8 / 255 },
 *   epochs: 200,
 * });
 * ```
 */
export const pgdAtAwpTrainer = defineTrainer({
  name: 'pgd-at-awp',
  summary: 'PGD-AT with adversarial weight perturbation.',
  paper:
    'Wu, Xia, Wang 2020, Adversarial Weight Perturbation Helps Robust Generalization, https://arxiv.org/abs/2004.05884',
  options: z.strictObject({
    ...pgdAtOptions.shape,
    gamma: awpOptions.shape.gamma.unwrap().default(0.01),
    warmUp: awpOptions.shape.warmUp.unwrap().default(0),
    ...sgdShape(5e-4),
  }),
  create: ({ momentum, weightDecay, gamma, warmUp, ...own }) => ({
    objective: pgdAt(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.1,
    schedule: { name: 'step', at: [0.5, 0.75], unit: 'run' },
    transforms: [awp({ gamma, warmUp })],
  }),
});
