import { defineTrainer } from '@advrob/core';
import * as z from 'zod';
import { pgdAt, pgdAtOptions } from '../objectives/pgd-at.js';
import { sgd } from '../optimizers/sgd.js';
import { awp, awpOptions } from '../transforms/awp.js';
import { sgdShape } from './sgd-shape.js';

/**
 * AT-AWP of Wu, Xia, Wang 2020 (https://arxiv.org/abs/2004.05884) on CIFAR-10: gamma 0.01 from the first pass (SVHN: `warmUp: 5`), momentum 0.9, weight decay 5e-4; a
 * learning rate of 0.1 that falls tenfold after a half and three quarters of the run (100 and 150 of 200 passes).
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, pgdAtAwpTrainer } from '@advrob/training';
 * await fit({ model, data, ...pgdAtAwpTrainer(), attack, threat: { norm: 'linf', epsilon: 8 / 255 }, epochs: 200 });
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
