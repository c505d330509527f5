import { defineTrainer } from '@advrob/core';
import * as z from 'zod';
import { fgsmAt, fgsmAtOptions } from '../objectives/fgsm-at.js';
import { sgd } from '../optimizers/sgd.js';
import { sgdShape } from './sgd-shape.js';

/**
 * Fast adversarial training with the SGD of Wong, Rice, Kolter 2020 (https://arxiv.org/abs/2001.03994): momentum 0.9, weight decay 5e-4; a
 * learning rate that rises to 0.2 and falls once.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, fgsmAtTrainer } from '@advrob/training';
 * await fit({ model, data, ...fgsmAtTrainer(), threat: { norm: 'linf', epsilon: 8 / 255 }, epochs: 15 });
 * ```
 */
export const fgsmAtTrainer = defineTrainer({
  name: 'fgsm-at',
  summary: 'Fast adversarial training with the SGD of its paper.',
  paper: 'Wong, Rice, Kolter 2020, Fast is better than free, https://arxiv.org/abs/2001.03994',
  options: z.strictObject({ ...fgsmAtOptions.shape, ...sgdShape(5e-4) }),
  create: ({ momentum, weightDecay, ...own }) => ({
    objective: fgsmAt(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.2,
    schedule: { name: 'cyclic', up: 0.4, down: 0.6, unit: 'run' },
  }),
});
