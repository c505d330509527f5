import { defineObjective } from '@advrob/core';
import { dualOptions } from '../constrained/dual-options.js';
import { primalDual } from '../constrained/primal-dual.js';
import { cleanAndRobust, preparePairs } from './clean-and-robust.js';

/**
 * Primal-dual DALE (Robey et al. 2021, https://arxiv.org/abs/2110.15767, algorithm 1): minimises `CE(f(x'), y)` on sampled perturbations while `CE(f(x), y)`
 * on clean examples stays at most rho; see {@link primalDual}. A larger rho gives away clean accuracy for robustness. Terms: `clean`, `robust`, `nu`, `slack`.
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
 * await fit({ model, data, objective, attack: langevin(), threat: { norm: 'linf', epsilon: 0.1 }, epochs: 14, logEvery: 1 });
 * ```
 */
export const dalePd = defineObjective({
  name: 'dale-pd',
  summary: 'Primal-dual DALE: the robust loss under a bound on the clean one.',
  paper:
    'Robey et al. 2021, Adversarial Robustness with Semi-Infinite Constrained Learning, https://arxiv.org/abs/2110.15767',
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
