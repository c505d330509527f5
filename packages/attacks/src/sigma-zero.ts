import { defineAttack } from '@advrob/core/attack';
import { column, isFooled, overLargest, rowSize } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { adam } from './shared/adam.js';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import { missingLead } from './shared/margin.js';
import { cosine } from './shared/steps.js';

const options = z.strictObject({
  steps: z.int().min(1).default(1000).describe('gradient steps'),
  learningRate: z
    .number()
    .positive()
    .default(1)
    .describe('of Adam, in units of the width of the bounds; falls to a tenth along a cosine (eta)'),
  smoothing: z
    .number()
    .positive()
    .default(1e-3)
    .describe('square of the change at which a value counts as half changed in the smooth L0 norm (sigma)'),
  initialThreshold: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('changes below it are undone, in units of the width (tau)'),
  thresholdChange: z
    .number()
    .min(0)
    .default(0.01)
    .describe('how much the threshold rises after a success and falls otherwise, in units of the learning rate (t)'),
  eot: eotOption,
});

/**
 * Sigma-zero: descends the lead of the label plus a smooth stand-in for the L0 norm, the mean of
 * `d^2 / (d^2 + sigma)`, and undoes small changes by a threshold that rises after a success and
 * falls otherwise (algorithm 1, with Adam as in the authors' code). A value is a value, not a pixel
 * of several channels.
 *
 * The gradient is divided by its largest entry before it goes to Adam. Changes are in units of the
 * bounds, targets count, each example has its own threshold, and the last iterate is judged too.
 *
 * @example
 * ```ts
 * const { closest } = await sigmaZero().run(model, x, y, { norm: 'l0', epsilon: Infinity });
 * ```
 */
export const sigmaZero = defineAttack({
  name: 'sigma-zero',
  summary: 'Sigma-zero: changes as few values as it can, by gradient steps on a smooth L0 norm and a threshold.',
  paper:
    'Cinà et al. 2025, Sigma-zero: Gradient-based Optimization of L0-norm Adversarial Examples, https://arxiv.org/abs/2402.01879',
  knowledge: 'gradients',
  norms: ['l0'],
  budget: 'minimal',
  random: false,
  loss: null,
  options,
  async perturb(scope, { steps, learningRate, smoothing, initialThreshold, thresholdChange, eot }) {
    const [low, high] = scope.threat.bounds;
    const width = high - low;
    const zero = tf.zerosLike(scope.x);
    const start = {
      adv: scope.x,
      mean: zero,
      square: zero,
      threshold: tf.fill([scope.x.shape[0]!], initialThreshold),
    };
    const { adv } = await scope.iterate(start, steps, ({ adv, threshold, ...moments }, rows) => {
      const { x, model, step } = rows;
      const { gradient, logits } = averagedGradient(model, adv, (z) => missingLead(rows, z, 0), eot);
      rows.offer(adv, logits);
      const offset = tf.div(tf.sub(adv, x), width);
      const slope = tf.add(tf.mul(gradient, width), smoothSlope(offset, smoothing));
      const rateAt = (at: number): number => cosine(learningRate, learningRate / 10, at, steps);
      const { change, ...next } = adam(moments, overLargest(slope), step, rateAt(step));
      const moved = tf.clipByValue(tf.sub(adv, tf.mul(change, width)), low, high);
      const rise = thresholdChange * rateAt(step + 1);
      const newThreshold = tf.clipByValue(
        tf.where(isFooled(rows, logits), tf.add(threshold, rise), tf.sub(threshold, rise)),
        0,
        1,
      );
      const isSmall = tf.less(tf.abs(tf.sub(moved, x)), tf.mul(column(newThreshold, x), width));
      return { adv: tf.where(isSmall, x, moved), threshold: newThreshold, ...next };
    });
    return adv;
  },
});

/** The gradient of `sum d^2 / (d^2 + sigma)` over the number of values of a row. */
function smoothSlope(offsets: Tensor, smoothing: number): Tensor {
  const share = tf.div(offsets, tf.square(tf.add(tf.square(offsets), smoothing)));
  return tf.mul(share, (2 * smoothing) / rowSize(offsets));
}
