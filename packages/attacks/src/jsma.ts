import type { StepRows } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { averagedGradient, eotOption } from './gradient/averaged-gradient.js';
import { likelyTargets } from './gradient/likely-targets.js';
import { logitOf } from './gradient/logit-of.js';
import { bestPair } from './jsma/best-pair.js';
import { isFooled } from './tensors/fooled.js';
import { flatRows, rowSize, select } from './tensors/rows.js';

const options = z.strictObject({
  change: z
    .number()
    .min(-1)
    .max(1)
    .refine((change) => change !== 0, 'expected a change, but 0 is none')
    .default(1)
    .describe(
      'what is added to each value of a pair, in units of the width of the bounds; below 0 lowers values (theta)',
    ),
  share: z
    .number()
    .positive()
    .max(1)
    .default(0.145)
    .describe('largest share of the values that may change (gamma); each step changes two'),
  targets: z
    .int()
    .min(1)
    .default(1)
    .describe('target classes tried side by side, likeliest first, in a run without targets of its own'),
  eot: eotOption,
});

/**
 * JSMA, the Jacobian-based saliency map attack: changes the pair of values that raises the target's logit and lowers the sum of the others most, again and
 * again (algorithm 3). Made for target classes; a run without any goes towards the likeliest others.
 *
 * A value changes once, and not where it stands at its bound. A row ends at its first success, when no pair is left, or when `share` is used up. All
 * pairs are compared, so a step costs the square of the number of values: fine for MNIST, slow for larger images.
 *
 * @example
 * ```ts
 * const { closest } = await jsma().run(model, x, y, { norm: 'l0', epsilon: Infinity }, { targets });
 * ```
 */
export const jsma = defineAttack({
  name: 'jsma',
  summary:
    'Jacobian-based saliency map attack: changes the most salient pair of values, again and again until the target is reached.',
  paper:
    'Papernot et al. 2016, The Limitations of Deep Learning in Adversarial Settings, https://arxiv.org/abs/1511.07528',
  knowledge: 'gradients',
  norms: ['l0'],
  budget: 'minimal',
  random: false,
  loss: null,
  options,
  async perturb(scope, { change, share, targets, eot }) {
    const [low, high] = scope.threat.bounds;
    const isTargeted = scope.target !== undefined;
    const lanes = scope.expand({ targets: tf.concat([...likelyTargets(scope, targets)], 1) });
    const steps = Math.ceil((rowSize(scope.x) * share) / 2);
    const start = { adv: lanes.x, open: tf.onesLike(lanes.x) };
    const { adv } = await lanes.iterate(start, steps, ({ adv, open }, rows) => {
      const { slopes, logits } = slopesOf(rows, adv, eot);
      rows.offer(adv, logits);
      const fooled = isFooled(isTargeted ? rows : { y: rows.y }, logits);
      const canMove = change > 0 ? tf.less(adv, high) : tf.greater(adv, low);
      const sign = Math.sign(change);
      const { places, isFound } = bestPair({
        target: tf.mul(flatRows(slopes.target), sign),
        others: tf.mul(flatRows(slopes.others), sign),
        open: flatRows(tf.mul(open, tf.cast(canMove, 'float32'))),
      });
      rows.finish(tf.logicalOr(fooled, tf.logicalNot(isFound)));
      const chosen = tf.reshape(places, adv.shape);
      const moved = tf.clipByValue(tf.add(adv, tf.mul(chosen, change * (high - low))), low, high);
      return { adv: select(fooled, adv, moved), open: tf.mul(open, tf.sub(1, chosen)) };
    });
    return adv;
  },
});

/** Slopes of the target's logit and of the sum of all others: two passes. */
function slopesOf(
  { model, target }: StepRows<'gradients'>,
  adv: Tensor,
  eot: number,
): { readonly slopes: { readonly target: Tensor; readonly others: Tensor }; readonly logits: Tensor } {
  const { gradient, logits } = averagedGradient(model, adv, (z) => logitOf(z, target!), eot);
  const others = averagedGradient(model, adv, (z) => tf.sub(tf.sum(z, 1), logitOf(z, target!)), eot).gradient;
  return { slopes: { target: gradient, others }, logits };
}
