import { defineObjective } from '@advrob/core';
import { cvar, cvarOptions } from '@advrob/training';
import * as z from 'zod';
import { dualFields, primalDual } from './primal-dual.js';

/**
 * Primal-dual probabilistically robust learning (`CVaR_SGD_PD` of advbench): minimises the
 * conditional value at risk of the loss over random perturbations, see `cvar` of
 * `@advrob/training`, while its mean over the same perturbations stays at most rho; see
 * {@link primalDual}. Needs a threat, no attack. Terms: `cvar`, `ce` (the mean), `nu`, `slack`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { cvarPd } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * await fit({
 *   model, data, objective: cvarPd({ beta: 0.5, rho: 0.6 }),
 *   threat: { norm: 'linf', epsilon: 0.3 }, epochs: 5,
 * });
 * ```
 */
export const cvarPd = defineObjective({
  name: 'cvar-pd',
  summary:
    'Primal-dual probabilistically robust learning: the worst share of random perturbations under a bound on their mean.',
  paper: 'Robey et al. 2022, Probabilistically Robust Learning, https://arxiv.org/abs/2202.01136',
  options: z.strictObject({ ...cvarOptions.shape, ...dualFields }),
  create({ rho, dualStep, nu, maxNu, ...own }) {
    const { prepare, loss } = cvar(own);
    return primalDual(
      {
        prepare,
        losses(prepared, model, how) {
          const { total, terms } = loss(prepared, model, how);
          const ce = terms!['ce']!;
          return { minimised: total, constrained: ce, terms: { cvar: total, ce } };
        },
      },
      { rho, dualStep, nu, maxNu },
    );
  },
});
