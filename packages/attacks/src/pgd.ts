import { defineAttack } from '@advrob/core/attack';
import type { Norm, Rows } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { ascentDirection, reachOf, shareOption } from './shared/steps.js';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import { adam } from './shared/adam.js';
import { rowSize } from './tensors/rows.js';

const options = z.strictObject({
  steps: z.int().min(1).default(40).describe('gradient steps'),
  stepSize: z
    .number()
    .positive()
    .optional()
    .describe(
      'length of a step, in the unit of epsilon; default 2.5 epsilon / steps. For adam about the change of one value; default such that all together are as long',
    ),
  optimizer: z
    .enum(['steepest', 'adam'])
    .default('steepest')
    .describe('steps of one length in the direction of steepest ascent, or those of Adam'),
  start: z
    .enum(['uniform', 'zero', 'tinygauss'])
    .default('uniform')
    .describe('a random point of the ball; the clean example; or, as in TRADES, the clean example plus 0.001 N(0, 1)'),
  share: shareOption,
  eot: eotOption,
});

/**
 * PGD: `x <- project(x + stepSize * direction(gradient))` from a random start. Linf: the sign; L2: the normalised gradient; L1: equal steps on the
 * few coordinates with the largest gradient that can still move ({@link ascentDirection}), with the exact projection on the ball and the bounds.
 *
 * The default step size 2.5 epsilon / steps lets every step sequence cross the ball and turn back (Madry et al., robustness library). Papers use
 * among others 40 steps of 0.01 at epsilon 0.3 for MNIST, 20 of 2/255 at 8/255 and, in L2, 20 of 15/255 at 128/255 for CIFAR-10.
 * With `optimizer: 'adam'` the steps are those of Adam on the gradient, projected likewise, as in Uesato et al. 2018 (https://arxiv.org/abs/1802.05666).
 * Peers that give Adam the sign of the gradient run another attack. In L1 it is weak: all values move at first, and the projection takes that back.
 * The noise of `tinygauss` is not projected before the first step, as in TRADES, so the start itself is never reported.
 *
 * @example
 * ```ts
 * const result = await pgd({ steps: 20 }).run(model, x, y, { norm: 'linf', epsilon: 8 / 255 }, { restarts: 5 });
 * ```
 */
export const pgd = defineAttack({
  name: 'pgd',
  summary: 'Projected gradient descent from a random start.',
  paper:
    'Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks, https://arxiv.org/abs/1706.06083',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'fixed',
  options,
  async perturb(scope, { steps, stepSize, optimizer, start, share, eot }) {
    const usual = (2.5 * reachOf(scope.threat, scope.x)) / steps;
    const none = tf.zerosLike(scope.x);
    const memory = optimizer === 'adam' ? { mean: none, square: none } : {};
    const begin: Readonly<Record<string, Tensor>> = { adv: startOf(scope, start), ...memory };
    const { adv } = await scope.iterate(begin, steps, ({ adv, mean, square }, rows) => {
      const { model, x, threat, lossOf, offer, step } = rows;
      const { gradient, logits } = averagedGradient(model, adv!, lossOf, eot);
      if (step > 0 || start !== 'tinygauss') offer(adv!, logits);
      if (mean && square) {
        const rate = stepSize ?? usual / lengthOfOnes(threat.norm, x);
        const { change, ...moments } = adam({ mean, square }, gradient, step, rate);
        return { adv: threat.project(tf.add(adv!, change), x), ...moments };
      }
      const move = tf.mul(ascentDirection(threat, gradient, adv!, share), stepSize ?? usual);
      return { adv: threat.project(tf.add(adv!, move), x) };
    });
    return adv!;
  },
});

/** Length of a change of 1 in every value. */
function lengthOfOnes(norm: Norm, x: Tensor): number {
  return norm === 'linf' ? 1 : norm === 'l2' ? Math.sqrt(rowSize(x)) : rowSize(x);
}

function startOf({ x, threat, rng }: Rows<'gradients'>, start: z.infer<typeof options>['start']): Tensor {
  if (start === 'zero') return x;
  if (start === 'uniform') return threat.randomStart(x, rng);
  return tf.add(x, tf.mul(0.001, rng.normal('start', x.shape.slice(1))));
}
