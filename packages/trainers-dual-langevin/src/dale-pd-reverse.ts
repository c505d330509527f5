import { defineObjective, defineTrainer } from '@advrob/core';
import { sgd } from '@advrob/training';
import { dualOptions, primalDual } from './primal-dual.js';
import { cleanAndRobust, dalePaper, dualRecipeOptions, preparePairs, samplerOf } from './shared.js';

/**
 * Primal-dual DALE with the roles swapped (`Gaussian_DALE_PD_Reverse` of the authors' code of Robey
 * et al. 2021, https://arxiv.org/abs/2110.15767): minimises `CE(f(x), y)` on clean examples while
 * `CE(f(x'), y)` on sampled perturbations stays at most rho; see {@link primalDual}. Here a smaller
 * rho asks for more robustness. Terms: `clean`, `robust`, `nu`, `slack`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { langevin } from '@advrob/attacks';
 * import { dalePdReverse } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const objective = dalePdReverse({ rho: 1.2, dualStep: 0.02 });
 * await fit({
 *   model, data, objective, attack: langevin(), threat: { norm: 'linf', epsilon: 0.1 }, epochs: 14,
 * });
 * ```
 */
export const dalePdReverse = defineObjective({
  name: 'dale-pd-reverse',
  summary: 'Primal-dual DALE with swapped roles: the clean loss under a bound on the robust one.',
  paper: dalePaper,
  options: dualOptions,
  create: (options) =>
    primalDual(
      {
        prepare: preparePairs,
        losses(prepared, model, how) {
          const terms = cleanAndRobust(prepared, model, how);
          return { minimised: terms.clean, constrained: terms.robust, terms };
        },
      },
      options,
    ),
});

/**
 * The recipe `dale-pd` with swapped roles: the clean loss is minimised while the robust one stays
 * at most rho.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { dalePdReverseTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = dalePdReverseTrainer({ rho: 1.2, dualStep: 0.02 });
 * await fit({
 *   model, data, ...plan, threat: { norm: 'linf', epsilon: 0.1 }, learningRate: 0.05, epochs: 14,
 * });
 * ```
 */
export const dalePdReverseTrainer = defineTrainer({
  name: 'dale-pd-reverse',
  summary: 'Primal-dual DALE with swapped roles: the clean loss under a bound on the robust one.',
  paper: dalePaper,
  options: dualRecipeOptions,
  create: ({ rho, dualStep, nu, maxNu, momentum, weightDecay, ...own }) => ({
    objective: dalePdReverse({ rho, dualStep, nu, maxNu }),
    attack: samplerOf(own),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});
