import { defineObjective, defineTrainer } from '@advrob/core';
import { sgd } from '@advrob/training';
import { dualOptions, primalDual } from './primal-dual.js';
import { cleanAndRobust, dalePaper, dualRecipeOptions, preparePairs, samplerOf } from './shared.js';

/**
 * Primal-dual DALE (Robey et al. 2021, https://arxiv.org/abs/2110.15767, algorithm 1): minimises
 * `CE(f(x'), y)` on sampled perturbations while `CE(f(x), y)` on clean examples stays at most rho;
 * see {@link primalDual}. A larger rho gives away clean accuracy for robustness. Terms: `clean`,
 * `robust`, `nu`, `slack`.
 *
 * The sampler is the attack of the run: `langevin` of `@advrob/attacks`, or any other.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { langevin } from '@advrob/attacks';
 * import { dalePd } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const objective = dalePd({ rho: 0.6, dualStep: 0.02 });
 * await fit({
 *   model, data, objective, attack: langevin(), threat: { norm: 'linf', epsilon: 0.1 }, epochs: 14,
 *   logEvery: 1,
 * });
 * ```
 */
export const dalePd = defineObjective({
  name: 'dale-pd',
  summary: 'Primal-dual DALE: the robust loss under a bound on the clean one.',
  paper: dalePaper,
  options: dualOptions,
  create: (options) =>
    primalDual(
      {
        prepare: preparePairs,
        losses(prepared, model, how) {
          const terms = cleanAndRobust(prepared, model, how);
          return { minimised: terms.robust, constrained: terms.clean, terms };
        },
      },
      options,
    ),
});

/**
 * Primal-dual DALE as advbench runs it (Robey et al. 2021, https://arxiv.org/abs/2110.15767,
 * algorithm 1): rho 0.1, dual step 0.001, nu from 1, with sampler and SGD of `gaussian-dale`. The
 * dual step is for hundreds of passes: at some thousand steps take 0.02. Rho is a cross-entropy:
 * see where that of standard and of adversarial training lie, and choose between.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { dalePdTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = dalePdTrainer({ rho: 0.6, dualStep: 0.02, sampler: 'laplace', steps: 3 });
 * await fit({
 *   model, data, ...plan, threat: { norm: 'linf', epsilon: 0.1 }, learningRate: 0.05, epochs: 14,
 * });
 * ```
 */
export const dalePdTrainer = defineTrainer({
  name: 'dale-pd',
  summary: 'Primal-dual DALE: the robust loss under a bound on the clean one.',
  paper: dalePaper,
  options: dualRecipeOptions,
  create: ({ rho, dualStep, nu, maxNu, momentum, weightDecay, ...own }) => ({
    objective: dalePd({ rho, dualStep, nu, maxNu }),
    attack: samplerOf(own),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});
