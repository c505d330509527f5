import { pgd } from '@advrob/attacks';
import { defineObjective, defineTrainer } from '@advrob/core';
import { klLoss, meanCrossEntropy, meanKlDivergence } from '@advrob/core/losses';
import { secondPass, sgd } from '@advrob/training';
import * as z from 'zod';
import { dualFields, dualOptions, primalDual } from './primal-dual.js';
import { dalePaper, samplerFields, sgdFields, type Pairs } from './shared.js';

/**
 * TRADES whose trade-off is learned (`KL_DALE_PD` of the authors' code of Robey et al. 2021,
 * https://arxiv.org/abs/2110.15767): minimises `KL(p(x) || p(x'))` while `CE(f(x), y)` stays at
 * most rho; see {@link primalDual}. With dual step 0 and `nu = 1 / beta` its gradient is that of
 * TRADES divided by beta. Terms: `clean`, `kl`, `nu`, `slack`. The attack of the run ascends the
 * same divergence. Give it a random start: at the clean example the divergence has no slope.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { pgd } from '@advrob/attacks';
 * import { klDalePd } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const attack = pgd({ steps: 10, start: 'tinygauss' });
 * await fit({
 *   model, data, objective: klDalePd({ rho: 0.6 }), attack, threat: { norm: 'linf', epsilon: 0.1 },
 *   epochs: 14,
 * });
 * ```
 */
export const klDalePd = defineObjective({
  name: 'kl-dale-pd',
  summary: 'Primal-dual DALE with the divergence of TRADES: the divergence under a bound on the clean loss.',
  paper: dalePaper,
  options: dualOptions,
  create: (options) =>
    primalDual<Pairs>(
      {
        prepare: async (batch, { maximize }) => ({
          x: batch.x,
          adversarial: await maximize(batch, { loss: klLoss }),
          y: batch.y,
        }),
        losses({ x, adversarial, y }, model, how) {
          const outputs = model.logits(x, how);
          const clean = meanCrossEntropy(outputs, y);
          const kl = meanKlDivergence(outputs, model.logits(adversarial, secondPass(how)));
          return { minimised: kl, constrained: clean, terms: { clean, kl } };
        },
      },
      options,
    ),
});

const { steps, stepSize, start } = samplerFields;

/**
 * KL-DALE as advbench runs it (Robey et al. 2021, https://arxiv.org/abs/2110.15767): TRADES whose
 * weight is learned, with TRADES' attack, which has no Langevin noise, and the SGD of
 * `gaussian-dale`. On MNIST 7 steps of 0.1, on CIFAR-10 10 of 2/255.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { klDalePdTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = klDalePdTrainer({ rho: 0.6, dualStep: 0.02 });
 * await fit({
 *   model, data, ...plan, threat: { norm: 'linf', epsilon: 0.1 }, learningRate: 0.05, epochs: 14,
 * });
 * ```
 */
export const klDalePdTrainer = defineTrainer({
  name: 'kl-dale-pd',
  summary: 'Primal-dual DALE with the divergence of TRADES.',
  paper: dalePaper,
  options: z.strictObject({ ...dualFields, steps, stepSize, start, ...sgdFields }),
  create: ({ momentum, weightDecay, steps: count, stepSize: length, start: from, ...dual }) => ({
    objective: klDalePd(dual),
    attack: pgd({ steps: count, stepSize: length, start: from }),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});
