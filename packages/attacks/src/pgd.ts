import type { Norm, Rows } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { rowSize } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { adamOverLargest } from './shared/adam.js';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import { ascentDirection, reachOf, shareOption } from './shared/steps.js';

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
 * PGD: `x <- project(x + stepSize * direction(gradient))` from a random start. The direction is
 * that of {@link ascentDirection}; the projection is exact on ball and bounds together, in L1 too.
 *
 * Papers take 40 steps of 0.01 at 0.3 (MNIST), 20 of 2/255 at 8/255 and, in L2, 20 of 15/255 at
 * 128/255 (CIFAR-10). `optimizer: 'adam'` gives Adam the gradient, as Uesato et al. 2018 do
 * (https://arxiv.org/abs/1802.05666), and not its sign, as peers do, see {@link adamOverLargest};
 * in L1 it is weak. The noise of `tinygauss` is not projected, as in TRADES, so that start is never
 * reported.
 *
 * @example
 * ```ts
 * const threat = { norm: 'linf', epsilon: 8 / 255 } as const;
 * const result = await pgd({ steps: 20 }).run(model, x, y, threat, { restarts: 5 });
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
    const memory = optimizer === 'adam' ? { mean: none, square: none, largest: tf.zeros([none.shape[0]!]) } : {};
    const begin: Readonly<Record<string, Tensor>> = { adv: startOf(scope, start), ...memory };
    const { adv } = await scope.iterate(begin, steps, ({ adv, mean, square, largest }, rows) => {
      const { model, x, threat, lossOf, offer, step } = rows;
      const { gradient, logits } = averagedGradient(model, adv!, lossOf, eot);
      if (step > 0 || start !== 'tinygauss') offer(adv!, logits);
      if (mean && square && largest) {
        const rate = stepSize ?? usual / lengthOfOnes(threat.norm, x);
        const { change, ...moments } = adamOverLargest({ mean, square, largest }, gradient, step, rate);
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
