import { defineTrainer } from '@advrob/core';
import * as z from 'zod';
import { pgdAt, pgdAtOptions } from '../objectives/pgd-at.js';
import { sgd } from '../optimizers/sgd.js';
import { sgdShape } from './sgd-shape.js';

/**
 * Adversarial training as Rice et al. 2020 (https://arxiv.org/abs/2002.11569) run it on CIFAR-10: momentum 0.9, weight decay 5e-4, a
 * learning rate of 0.1 that falls tenfold after a half and three quarters of the run (100 and 150 of 200 passes). Its attack is PGD with 10 steps of 2/255.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, pgdAtTrainer } from '@advrob/training';
 * await fit({ model, data, ...pgdAtTrainer(), attack, threat: { norm: 'linf', epsilon: 8 / 255 }, epochs: 200 });
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
