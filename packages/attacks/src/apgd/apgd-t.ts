import { defineAttack } from '@advrob/core/attack';
import { select } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { likelyTargets } from '../shared/likely-targets.js';
import { dlrOrMarginLoss } from '../shared/margin.js';
import { apgdOptions, perturbApgd } from './perturb.js';

const options = z.strictObject({
  ...apgdOptions,
  targets: z
    .int()
    .min(1)
    .default(9)
    .describe('target classes tried, likeliest first; at most the number of other classes. AutoAttack uses 9, in L1 5'),
});

/**
 * APGD on the targeted difference of logits ratio, for one target class after the other; any wrong
 * class counts. An example that is fooled by one target takes no part in the next. With fewer than
 * four classes the loss is the margin of the target.
 *
 * @example
 * ```ts
 * const result = await apgdT({ targets: 9 }).run(model, x, y, { norm: 'linf', epsilon: 8 / 255 });
 * ```
 */
export const apgdT = defineAttack({
  name: 'apgd-t',
  summary: 'Auto-PGD on the targeted difference of logits ratio, towards the likeliest other classes in turn.',
  paper:
    'Croce and Hein 2020, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks, https://arxiv.org/abs/2003.01690, equation 7',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'fixed',
  loss: dlrOrMarginLoss,
  options,
  async perturb(scope, { targets, ...climbing }) {
    let top: { readonly best: Tensor; readonly bestLoss: Tensor } | undefined;
    for (const target of likelyTargets(scope, targets)) {
      const before = top;
      top = await scope.tidy(async () => {
        const { best, bestLoss } = await perturbApgd(scope.expand({ targets: target }), climbing);
        if (!before) return { best, bestLoss };
        const isBetter = tf.greater(bestLoss, before.bestLoss);
        return { best: select(isBetter, best, before.best), bestLoss: tf.maximum(bestLoss, before.bestLoss) };
      });
      tf.dispose({ ...before });
    }
    return top!.best;
  },
});
