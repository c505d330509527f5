import { defineTrainer } from '@advrob/core';
import { sgd } from '@advrob/training';
import * as z from 'zod';
import { dale, daleFields } from '../objectives/dale.js';
import { samplerFields, samplerOf, sgdFields } from './recipe-options.js';

/**
 * DALE with Gaussian noise and a fixed weight as advbench runs it (Robey et al. 2021, https://arxiv.org/abs/2110.15767): nu 0.1, SGD with momentum 0.9 and weight
 * decay 3.5e-3 at learning rate 0.01. On MNIST 7 steps of 0.1 with noise 0.001 at epsilon 0.3 (50 passes); on CIFAR-10 10 steps of 0.007 without noise at
 * 8/255 (200 passes, tenfold drops at 150, 175 and 190), which then are the steps of PGD.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { gaussianDaleTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = gaussianDaleTrainer({ steps: 7, stepSize: 0.1 });
 * await fit({ model, data, ...plan, threat: { norm: 'linf', epsilon: 0.3 }, learningRate: 0.01, epochs: 50 });
 * ```
 */
export const gaussianDaleTrainer = defineTrainer({
  name: 'gaussian-dale',
  summary: 'DALE with a fixed weight and Gaussian noise.',
  paper:
    'Robey et al. 2021, Adversarial Robustness with Semi-Infinite Constrained Learning, https://arxiv.org/abs/2110.15767',
  options: z.strictObject({ ...daleFields, ...samplerFields, ...sgdFields }),
  create: ({ nu, momentum, weightDecay, ...own }) => ({
    objective: dale({ nu }),
    attack: samplerOf({ sampler: 'gaussian', ...own }),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});
