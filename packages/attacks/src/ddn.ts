import { defineAttack } from '@advrob/core/attack';
import { column, isFooled, lengths, unit } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import { cosine } from './shared/steps.js';

const options = z.strictObject({
  steps: z.int().min(1).default(100).describe('gradient steps'),
  initialRadius: z.number().positive().default(1).describe('first radius, in units of the width of the bounds'),
  radiusChange: z
    .number()
    .positive()
    .lt(1)
    .default(0.05)
    .describe('share by which the radius shrinks after a success and grows otherwise (gamma)'),
  stepSize: z
    .number()
    .positive()
    .default(1)
    .describe('length of the first step, in units of the width; falls along a cosine'),
  finalStepSize: z.number().positive().default(0.01).describe('length that the steps fall to'),
  eot: eotOption,
});

/**
 * DDN: gradient steps give the direction, and the length of the change is set apart, shorter after
 * each success and longer otherwise (algorithm 1).
 *
 * Points are not rounded to grey levels. The radius stops at the distance to the farthest corner of
 * the bounds. A row without a gradient does not move; peers draw a random direction there.
 *
 * @example
 * ```ts
 * const { closest } = await ddn().run(model, x, y, { norm: 'l2', epsilon: Infinity });
 * ```
 */
export const ddn = defineAttack({
  name: 'ddn',
  summary: 'Decoupled direction and norm: gradient steps on a sphere whose radius follows success and failure.',
  paper:
    'Rony et al. 2019, Decoupling Direction and Norm for Efficient Gradient-Based L2 Adversarial Attacks and Defenses, https://arxiv.org/abs/1811.09600',
  knowledge: 'gradients',
  norms: ['l2'],
  budget: 'minimal',
  random: false,
  options,
  async perturb(scope, { steps, initialRadius, radiusChange, stepSize, finalStepSize, eot }) {
    const [low, high] = scope.threat.bounds;
    const width = high - low;
    const start = { adv: scope.x, radius: tf.fill([scope.x.shape[0]!], initialRadius * width) };
    const { adv } = await scope.iterate(start, steps, ({ adv, radius }, rows) => {
      const { x, model, step, lossOf } = rows;
      const { gradient, logits } = averagedGradient(model, adv, lossOf, eot);
      rows.offer(adv, logits);
      const length = width * cosine(stepSize, finalStepSize, step, steps);
      const change = tf.add(tf.sub(adv, x), tf.mul(unit('l2', gradient), length));
      const farthest = lengths('l2', tf.maximum(tf.sub(x, low), tf.sub(high, x)));
      const factor = tf.where(
        isFooled(rows, logits),
        tf.fill(radius.shape, 1 - radiusChange),
        tf.fill(radius.shape, 1 + radiusChange),
      );
      const newRadius = tf.minimum(tf.mul(radius, factor), farthest);
      const onSphere = tf.mul(unit('l2', change), column(newRadius, change));
      return { adv: tf.clipByValue(tf.add(x, onSphere), low, high), radius: newRadius };
    });
    return adv;
  },
});
