import { defineTrainer } from '@advrob/core';
import { sgd } from '@advrob/training';
import * as z from 'zod';
import { dualFields } from '../constrained/dual-options.js';
import { dalePd } from '../objectives/dale-pd.js';
import { dalePdReverse } from '../objectives/dale-pd-reverse.js';
import { advbenchCompat, samplerFields, samplerOf, sgdFields } from './recipe-options.js';

const options = z.strictObject({
  ...dualFields,
  sampler: z.enum(['gaussian', 'laplace']).default('gaussian').describe('noise added after, or inside, the sign'),
  ...samplerFields,
  advbenchCompat,
  ...sgdFields,
});
const paper =
  'Robey et al. 2021, Adversarial Robustness with Semi-Infinite Constrained Learning, https://arxiv.org/abs/2110.15767';

/**
 * Primal-dual DALE as advbench runs it (Robey et al. 2021, https://arxiv.org/abs/2110.15767, algorithm 1): rho 0.1, dual step 0.001, nu from 1, with sampler and SGD of
 * `gaussian-dale`. The dual step is for hundreds of passes: at some thousand steps take 0.02. Rho is a cross-entropy: see where that of standard and of
 * adversarial training lie, and choose between.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { dalePdTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = dalePdTrainer({ rho: 0.6, dualStep: 0.02, sampler: 'laplace', steps: 3 });
 * await fit({ model, data, ...plan, threat: { norm: 'linf', epsilon: 0.1 }, learningRate: 0.05, epochs: 14 });
 * ```
 */
export const dalePdTrainer = defineTrainer({
  name: 'dale-pd',
  summary: 'Primal-dual DALE: the robust loss under a bound on the clean one.',
  paper,
  options,
  create: ({ rho, dualStep, nu, maxNu, momentum, weightDecay, ...own }) => ({
    objective: dalePd({ rho, dualStep, nu, maxNu }),
    attack: samplerOf(own),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});

/**
 * The recipe `dale-pd` with swapped roles: the clean loss is minimised while the robust one stays at most rho.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { dalePdReverseTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = dalePdReverseTrainer({ rho: 1.2, dualStep: 0.02 });
 * await fit({ model, data, ...plan, threat: { norm: 'linf', epsilon: 0.1 }, learningRate: 0.05, epochs: 14 });
 * ```
 */
export const dalePdReverseTrainer = defineTrainer({
  name: 'dale-pd-reverse',
  summary: 'Primal-dual DALE with swapped roles: the clean loss under a bound on the robust one.',
  paper,
  options,
  create: ({ rho, dualStep, nu, maxNu, momentum, weightDecay, ...own }) => ({
    objective: dalePdReverse({ rho, dualStep, nu, maxNu }),
    attack: samplerOf(own),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});
