import { defineAttack } from '@advrob/core/attack';
import { unit } from '@advrob/core/rows';
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
    .describe('length of a step, in the unit of epsilon; default epsilon / steps, as in the paper'),
  decay: z.number().min(0).default(1).describe('weight of the accumulated gradients (mu); 0 makes it BIM'),
  share: shareOption,
  eot: eotOption,
});

/**
 * MIM, also called MI-FGSM: `m <- decay * m + g / |g|_1`, then a step along `m`: its sign in Linf
 * (equations 6 and 7), `m / |m|_2` in L2 (equation 8), its largest entries in L1. The momentum
 * starts at 0 in each call.
 *
 * Differs from peers that take the sign of the gradient before they accumulate it, which is another
 * attack, and from those that divide by `|g|` where it is 0: such a row keeps its momentum.
 *
 * @example
 * ```ts
 * const result = await mim().run(model, x, y, { norm: 'linf', epsilon: 16 / 255 });
 * ```
 */
export const mim = defineAttack({
  name: 'mim',
  summary: 'Momentum iterative method: steps along the accumulated, normalised gradients.',
  paper: 'Dong et al. 2018, Boosting Adversarial Attacks with Momentum, https://arxiv.org/abs/1710.06081, algorithm 1',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'fixed',
  random: false,
  options,
  async perturb(scope, { steps, stepSize, decay, share, eot }) {
    const length = stepSize ?? reachOf(scope.threat, scope.x) / steps;
    const start = { adv: scope.x, momentum: tf.zerosLike(scope.x) };
    const { adv } = await scope.iterate(start, steps, ({ adv, momentum }, { model, x, threat, lossOf, offer }) => {
      const { gradient, logits } = averagedGradient(model, adv, lossOf, eot);
      offer(adv, logits);
      const next = tf.add(tf.mul(momentum, decay), unit('l1', gradient));
      const step = tf.mul(ascentDirection(threat, next, adv, share), length);
      return { adv: threat.project(tf.add(adv, step), x), momentum: next };
    });
    return adv;
  },
});
