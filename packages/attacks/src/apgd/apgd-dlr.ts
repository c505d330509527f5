import { defineAttack } from '@advrob/core/attack';
import * as z from 'zod';
import { dlrOrMarginLoss } from '../shared/margin.js';
import { apgdOptions, perturbApgd } from './perturb.js';

/**
 * APGD on the difference of logits ratio, which does not change when the logits are scaled and so
 * sees through gradients that a confident model hides. With fewer than three classes it ascends the
 * margin.
 *
 * @example
 * ```ts
 * const result = await apgdDlr().run(model, x, y, { norm: 'linf', epsilon: 8 / 255 });
 * ```
 */
export const apgdDlr = defineAttack({
  name: 'apgd-dlr',
  summary: 'Auto-PGD on the difference of logits ratio.',
  paper:
    'Croce and Hein 2020, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks, https://arxiv.org/abs/2003.01690, equation 6',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'fixed',
  loss: dlrOrMarginLoss,
  options: z.strictObject(apgdOptions),
  async perturb(scope, options) {
    return (await perturbApgd(scope, options)).best;
  },
});
