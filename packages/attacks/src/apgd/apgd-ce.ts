import { defineAttack } from '@advrob/core/attack';
import { crossEntropyLoss } from '@advrob/core/losses';
import * as z from 'zod';
import { apgdOptions, perturbApgd } from './perturb.js';

/**
 * APGD on the cross-entropy, the first member of AutoAttack: no step size to choose. See {@link
 * climb} for Linf and L2, {@link climbL1} for L1.
 *
 * Differs from AutoAttack in three points that its results do not depend on: examples leave as soon
 * as they are fooled, restarts share a batch, and the L1 start of the large balls is noise around
 * the example (there the noise is added to the example twice before it is projected).
 *
 * @example
 * ```ts
 * const result = await apgdCe().run(model, x, y, { norm: 'linf', epsilon: 8 / 255 });
 * ```
 */
export const apgdCe = defineAttack({
  name: 'apgd-ce',
  summary: 'Auto-PGD on the cross-entropy: momentum, and a step size that adapts to the loss.',
  paper:
    'Croce and Hein 2020, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks, https://arxiv.org/abs/2003.01690; for L1 Croce and Hein 2021, Mind the Box, https://arxiv.org/abs/2103.01208',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'fixed',
  loss: crossEntropyLoss,
  options: z.strictObject(apgdOptions),
  async perturb(scope, options) {
    return (await perturbApgd(scope, options)).best;
  },
});
