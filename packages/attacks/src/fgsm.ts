import { defineAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import { reachOf } from './shared/steps.js';

const options = z.strictObject({
  start: z
    .enum(['zero', 'uniform'])
    .default('zero')
    .describe('the clean example, or a random point of the ball as in fast adversarial training'),
  stepSize: z
    .number()
    .positive()
    .optional()
    .describe('length of the step, in the unit of epsilon; default epsilon, or 1.25 epsilon from a random start'),
  eot: eotOption,
});

/**
 * FGSM and its versions for other norms: one step of length epsilon in the direction that ascends a
 * linear loss fastest. Linf: the sign of the gradient; L2: the normalised gradient; L1: the
 * coordinate with the largest gradient.
 *
 * `start: 'uniform'` with its step of 1.25 epsilon is the attack of *Fast is better than free*
 * (Wong et al. 2020, https://arxiv.org/abs/2001.03994, algorithm 3).
 *
 * @example
 * ```ts
 * const result = await fgsm().run(model, x, y, { norm: 'linf', epsilon: 8 / 255 });
 * ```
 */
export const fgsm = defineAttack({
  name: 'fgsm',
  summary: 'Fast gradient (sign) method: one step of steepest ascent.',
  paper: 'Goodfellow et al. 2015, Explaining and Harnessing Adversarial Examples, https://arxiv.org/abs/1412.6572',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'fixed',
  options,
  async perturb(scope, { start, stepSize, eot }) {
    const { x, threat, rng } = scope;
    const length = stepSize ?? (start === 'uniform' ? 1.25 : 1) * reachOf(threat, x);
    const from = start === 'uniform' ? threat.randomStart(x, rng) : x;
    const { adv } = await scope.iterate({ adv: from }, 1, ({ adv }, rows) => {
      const { gradient, logits } = averagedGradient(rows.model, adv, rows.lossOf, eot);
      rows.offer(adv, logits);
      return { adv: rows.threat.project(tf.add(adv, tf.mul(rows.threat.steepestAscent(gradient), length)), rows.x) };
    });
    return adv;
  },
});
