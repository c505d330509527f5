import { pgd } from '@advrob/attacks';
import { defineTrainer } from '@advrob/core';
import { sgd } from '@advrob/training';
import * as z from 'zod';
import { dualFields } from '../constrained/dual-options.js';
import { klDaleMultiPd, klDaleMultiPdFields } from '../objectives/kl-dale-multi-pd.js';
import { klDalePd } from '../objectives/kl-dale-pd.js';
import { samplerFields, sgdFields } from './recipe-options.js';

const paper =
  'Robey et al. 2021, Adversarial Robustness with Semi-Infinite Constrained Learning, https://arxiv.org/abs/2110.15767';
const { steps, stepSize, start } = samplerFields;

/**
 * KL-DALE as advbench runs it (Robey et al. 2021, https://arxiv.org/abs/2110.15767): TRADES whose weight is learned, with TRADES' attack, which has no Langevin noise, and the
 * SGD of `gaussian-dale`. On MNIST 7 steps of 0.1, on CIFAR-10 10 of 2/255.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { klDalePdTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = klDalePdTrainer({ rho: 0.6, dualStep: 0.02 });
 * await fit({ model, data, ...plan, threat: { norm: 'linf', epsilon: 0.1 }, learningRate: 0.05, epochs: 14 });
 * ```
 */
export const klDalePdTrainer = defineTrainer({
  name: 'kl-dale-pd',
  summary: 'Primal-dual DALE with the divergence of TRADES.',
  paper,
  options: z.strictObject({ ...dualFields, steps, stepSize, start, ...sgdFields }),
  create: ({ momentum, weightDecay, stepSize: length, steps: count, start: from, ...dual }) => ({
    objective: klDalePd(dual),
    attack: pgd({ steps: count, start: from, ...(length !== undefined && { stepSize: length }) }),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});

/**
 * KL-DALE on several samples of a noisy chain with the SGD of `gaussian-dale`. advbench had noise 0.001 and rho 1 at first, then no noise and rho 0.1.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { klDaleMultiPdTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = klDaleMultiPdTrainer({ samples: 3, rho: 1 });
 * await fit({ model, data, ...plan, threat: { norm: 'linf', epsilon: 8 / 255 }, learningRate: 0.01, epochs: 200 });
 * ```
 */
export const klDaleMultiPdTrainer = defineTrainer({
  name: 'kl-dale-multi-pd',
  summary: 'Primal-dual KL-DALE on the last points of one Langevin chain.',
  paper,
  options: z.strictObject({ ...klDaleMultiPdFields, ...sgdFields }),
  create: ({ momentum, weightDecay, ...own }) => ({
    objective: klDaleMultiPd(own),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});
