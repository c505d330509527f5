import { defineTrainer } from '@advrob/core';
import * as z from 'zod';
import { free, freeOptions } from '../objectives/free.js';
import { sgd } from '../optimizers/sgd.js';
import { sgdShape } from './sgd-shape.js';

/**
 * Free adversarial training with the SGD of its official code on CIFAR-10: momentum 0.9, weight decay 2e-4; a learning rate
 * of 0.1 that falls tenfold after a half and three quarters of the run (40,000 and 60,000 of 80,000 steps).
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, freeTrainer } from '@advrob/training';
 * await fit({ model, data, ...freeTrainer(), threat: { norm: 'linf', epsilon: 8 / 255 }, steps: 80000 });
 * ```
 */
export const freeTrainer = defineTrainer({
  name: 'free',
  summary: 'Free adversarial training with the SGD of its code.',
  paper: 'Shafahi et al. 2019, Adversarial Training for Free!, https://arxiv.org/abs/1904.12843',
  options: z.strictObject({ ...freeOptions.shape, ...sgdShape(2e-4) }),
  create: ({ momentum, weightDecay, ...own }) => ({
    objective: free(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.1,
    schedule: { name: 'step', at: [0.5, 0.75], unit: 'run' },
  }),
});
