import { defineAttack } from '@advrob/core/attack';
import { marginLoss } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { adam } from './shared/adam.js';
import { climbEstimates } from './shared/estimated-climb.js';

const options = z.strictObject({
  steps: z.int().min(1).default(100).describe('estimates of the gradient, each followed by a step'),
  pairs: z
    .int()
    .min(1)
    .default(128)
    .describe('pairs of opposite points per estimate, two queries each; the paper takes up to 4096'),
  radius: z
    .number()
    .positive()
    .max(1)
    .default(0.01)
    .describe('how far each value of these points is moved, in units of the width of the bounds (delta)'),
  learningRate: z
    .number()
    .positive()
    .default(0.01)
    .describe('of Adam, in units of the width: about the largest change of a value per step'),
});

/**
 * SPSA: estimates the gradient of the margin from scores along random vectors of signs, two points
 * at a time, and follows it by Adam, projected on the ball (algorithm 1). A model that hides its
 * gradients falls to it as any other, which makes it a test of gradient masking.
 *
 * Each example has its own vectors. Points lie inside the bounds, see {@link sumOfDifferences}.
 * `queries` counts two per pair and one per iterate. The paper has Linf; L2 takes the same steps
 * with its own projection.
 *
 * @example
 * ```ts
 * const attack = spsa({ steps: 50 });
 * const { success, queries } = await attack.run(model, x, y, { norm: 'linf', epsilon: 0.3 });
 * ```
 */
export const spsa = defineAttack({
  name: 'spsa',
  summary:
    'Simultaneous perturbation stochastic approximation: follows gradients estimated from scores along random signs, by Adam.',
  paper:
    'Uesato et al. 2018, Adversarial Risk and the Dangers of Evaluating Against Weak Attacks, https://arxiv.org/abs/1802.05666',
  knowledge: 'scores',
  norms: ['linf', 'l2'],
  budget: 'fixed',
  loss: marginLoss,
  options,
  async perturb(scope, { steps, pairs, radius, learningRate }) {
    const [low, high] = scope.threat.bounds;
    const none = tf.zerosLike(scope.x);
    return climbEstimates(scope, {
      steps,
      pairs,
      radius: radius * (high - low),
      memory: { mean: none, square: none },
      draw: ({ rng, x }, count) => signs(rng.uniform('direction', [count, ...x.shape.slice(1)], -1, 1)),
      advance({ x, threat }, { adv, ...moments }, gradient, step) {
        const { change, ...next } = adam(moments, gradient, step, learningRate * (high - low));
        return { adv: threat.project(tf.add(adv, change), x), ...next };
      },
    });
  },
});

function signs(draws: tf.Tensor): tf.Tensor {
  return tf.sub(tf.mul(tf.cast(tf.greaterEqual(draws, 0), 'float32'), 2), 1);
}
