import { defineAttack } from '@advrob/core/attack';
import { marginLoss } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { firstRadius, nextRadius } from './fmn/radius.js';
import { shrinkTo } from './fmn/shrink.js';
import { averagedGradient, eotOption } from './gradient/averaged-gradient.js';
import { cosine } from './gradient/cosine.js';
import { leadToLose } from './gradient/lead-to-lose.js';
import { isFooled } from './tensors/fooled.js';
import { dualLengths, lengths } from './tensors/lengths.js';
import { unit } from './tensors/unit.js';

const options = z.strictObject({
  steps: z.int().min(1).default(100).describe('gradient steps'),
  stepSize: z
    .number()
    .positive()
    .default(1)
    .describe('Euclidean length of the first step, in units of the width of the bounds; the paper tries 1, 5 and 10'),
  finalStepSize: z.number().positive().default(0.01).describe('length that the steps fall to, along a cosine'),
  radiusChange: z
    .number()
    .positive()
    .lt(1)
    .default(0.05)
    .describe('share by which the radius changes in the first step (gamma)'),
  finalRadiusChange: z.number().positive().lt(1).default(0.001).describe('share that it falls to, along a cosine'),
  eot: eotOption,
});

/**
 * FMN: gradient steps on the difference of logits, each projected on a ball whose radius closes in on the boundary: it shrinks after a success and
 * grows otherwise, by ever smaller shares. In L0 a value is a value, not a pixel of several channels.
 *
 * Gradients are normalised in L2 for every norm, as in the paper. The projection is Euclidean on the ball, then the bounds clip. Differs from the paper
 * in that the radius grows at every failure, see {@link nextRadius}.
 *
 * @example
 * ```ts
 * const { closest } = await fmn().run(model, x, y, { norm: 'l0', epsilon: Infinity });
 * ```
 */
export const fmn = defineAttack({
  name: 'fmn',
  summary: 'Fast minimum-norm attack: projected gradient steps while the radius closes in on the boundary.',
  paper:
    'Pintor et al. 2021, Fast Minimum-norm Adversarial Attacks through Adaptive Norm Constraints, https://arxiv.org/abs/2102.12827',
  knowledge: 'gradients',
  norms: ['l0', 'l1', 'l2', 'linf'],
  budget: 'minimal',
  random: false,
  loss: marginLoss,
  options,
  async perturb(scope, { steps, stepSize, finalStepSize, radiusChange, finalRadiusChange, eot }) {
    const { norm, bounds } = scope.threat;
    const [low, high] = bounds;
    const n = scope.x.shape[0]!;
    const start = { adv: scope.x, radius: firstRadius(norm, n), best: tf.fill([n], Infinity) };
    const { adv } = await scope.iterate(start, steps, ({ adv, radius, best }, rows) => {
      const { x, model, step } = rows;
      const { gradient, logits, loss } = averagedGradient(model, adv, rows.lossOf, eot);
      rows.offer(adv, logits);
      const offset = tf.sub(adv, x);
      const length = lengths(norm, offset);
      const fooled = isFooled(rows, logits);
      const newBest = tf.where(fooled, tf.minimum(best, length), best);
      const slope = dualLengths(norm, gradient);
      const newRadius = nextRadius(
        norm,
        {
          radius,
          length,
          best: newBest,
          isFooled: fooled,
          wasFooled: tf.less(newBest, Infinity),
          ahead: tf.div(leadToLose(loss, logits), tf.maximum(slope, 1e-12)),
        },
        cosine(radiusChange, finalRadiusChange, step, steps),
      );
      const farthest = lengths(norm, tf.maximum(tf.sub(x, low), tf.sub(high, x)));
      const capped = tf.minimum(newRadius, farthest);
      const move = tf.mul(unit('l2', gradient), (high - low) * cosine(stepSize, finalStepSize, step, steps));
      const moved = tf.add(x, shrinkTo(norm, tf.add(offset, move), capped));
      return { adv: tf.clipByValue(moved, low, high), radius: capped, best: newBest };
    });
    return adv;
  },
});
