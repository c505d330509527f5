import { defineAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import { ascentDirection, reachOf, shareOption } from './shared/steps.js';

const options = z.strictObject({
  steps: z.int().min(1).default(10).describe('gradient steps'),
  stepSize: z
    .number()
    .positive()
    .optional()
    .describe('length of a step, in the unit of epsilon; default 2.5 epsilon / steps'),
  share: shareOption,
  eot: eotOption,
});

/**
 * BIM, also called I-FGSM: `x <- project(x + stepSize * direction(gradient))` from the clean
 * example, PGD without its random start.
 *
 * The paper takes steps of one grey level, `min(epsilon + 4, 1.25 epsilon)` of them (epsilon in
 * levels of 255); implementations take anything from 2 to 33 epsilon in all, so state steps and
 * step size with a result. The default crosses the ball once and comes back, as in `pgd`.
 *
 * @example
 * ```ts
 * const attack = bim({ steps: 10, stepSize: 2 / 255 });
 * const result = await attack.run(model, x, y, { norm: 'linf', epsilon: 8 / 255 });
 * ```
 */
export const bim = defineAttack({
  name: 'bim',
  summary: 'Basic iterative method: repeated small gradient steps from the clean example.',
  paper:
    'Kurakin et al. 2017, Adversarial examples in the physical world, https://arxiv.org/abs/1607.02533, section 2.2',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'fixed',
  random: false,
  options,
  async perturb(scope, { steps, stepSize, share, eot }) {
    const length = stepSize ?? (2.5 * reachOf(scope.threat, scope.x)) / steps;
    const { adv } = await scope.iterate({ adv: scope.x }, steps, ({ adv }, { model, x, threat, lossOf, offer }) => {
      const { gradient, logits } = averagedGradient(model, adv, lossOf, eot);
      offer(adv, logits);
      return { adv: threat.project(tf.add(adv, tf.mul(ascentDirection(threat, gradient, adv, share), length)), x) };
    });
    return adv;
  },
});
