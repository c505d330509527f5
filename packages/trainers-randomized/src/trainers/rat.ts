import { pgd } from '@advrob/attacks';
import { defineTrainer } from '@advrob/core';
import { sgd } from '@advrob/training';
import * as z from 'zod';
import { ratFields } from '../rat-options.js';
import { rat } from '../rat.js';
import { attackSteps, sgdFields } from './recipe-options.js';

/**
 * TRADES + RAT of Jin et al. 2023 (https://arxiv.org/abs/2303.10653) as its official code runs it on CIFAR-10: beta 6, alpha 0.2, PGD with 10 steps of epsilon / 4 from
 * x + 0.001 N(0, 1), momentum 0.9, weight decay 5e-4, a learning rate of 0.1 that falls tenfold after a half and three quarters of the run (100 and 150 of
 * 200 passes); batches have 128 examples with random crops and flips. On MNIST: beta 1, alpha 0.1.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit } from '@advrob/training';
 * import { ratTrainer } from '@advrob/trainers-randomized';
 * await fit({ model, data, ...ratTrainer(), threat: { norm: 'linf', epsilon: 8 / 255 }, epochs: 200 });
 * ```
 */
export const ratTrainer = defineTrainer({
  name: 'rat',
  summary: 'TRADES with randomized adversarial training by Taylor expansion.',
  paper: 'Jin et al. 2023, Randomized Adversarial Training via Taylor Expansion, https://arxiv.org/abs/2303.10653',
  options: z.strictObject({ ...ratFields, attackSteps, ...sgdFields }),
  create: ({ momentum, weightDecay, attackSteps: steps, ...own }) => ({
    objective: rat(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.1,
    schedule: { name: 'step', at: [0.5, 0.75], unit: 'run' },
    attack: pgd({ steps, start: 'tinygauss' }),
  }),
});
