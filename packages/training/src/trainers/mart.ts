import { defineTrainer } from '@advrob/core';
import * as z from 'zod';
import { mart, martOptions } from '../objectives/mart.js';
import { sgd } from '../optimizers/sgd.js';
import { sgdShape } from './sgd-shape.js';

/**
 * MART with the SGD of its official code for ResNet-18 on CIFAR-10: lambda 5, momentum 0.9, weight decay 3.5e-3; a learning rate
 * of 0.01 that falls tenfold at 75, 90 and 100 of 120 passes, in a longer or shorter run at the same fractions of it. For WideResNet: lambda 6, weight decay
 * 7e-4, learning rate 0.1.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, martTrainer } from '@advrob/training';
 * await fit({ model, data, ...martTrainer(), attack, threat: { norm: 'linf', epsilon: 8 / 255 }, epochs: 120 });
 * ```
 */
export const martTrainer = defineTrainer({
  name: 'mart',
  summary: 'MART with the SGD of its code.',
  paper:
    'Wang et al. 2020, Improving Adversarial Robustness Requires Revisiting Misclassified Examples, https://openreview.net/forum?id=rklOg6EFwS',
  options: z.strictObject({ ...martOptions.shape, ...sgdShape(3.5e-3) }),
  create: ({ momentum, weightDecay, ...own }) => ({
    objective: mart(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.01,
    schedule: { name: 'step', at: [75 / 120, 90 / 120, 100 / 120], unit: 'run' },
  }),
});
