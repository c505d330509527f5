import { defineTrainer } from '@advrob/core';
import * as z from 'zod';
import { trades, tradesOptions } from '../objectives/trades.js';
import { sgd } from '../optimizers/sgd.js';
import { sgdShape } from './sgd-shape.js';

/**
 * TRADES with the SGD of its official code on CIFAR-10: beta 6, momentum 0.9, weight decay 2e-4; a learning rate of 0.1 that falls tenfold at
 * 75 of 76 passes, in a longer or shorter run at the same fraction of it. On MNIST: beta 1, weight decay 0, learning rate 0.01, drops at 55, 75 and 90 of 100.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, tradesTrainer } from '@advrob/training';
 * await fit({ model, data, ...tradesTrainer(), attack, threat: { norm: 'linf', epsilon: 8 / 255 }, epochs: 76 });
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
