import { defineAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { climbEstimates } from './shared/estimated-climb.js';
import { reachOf } from './shared/steps.js';

const options = z.strictObject({
  steps: z.int().min(1).default(100).describe('estimates of the gradient, each followed by a step'),
  pairs: z.int().min(1).default(25).describe('pairs of opposite points per estimate, two queries each'),
  radius: z
    .number()
    .positive()
    .max(1)
    .default(0.001)
    .describe('standard deviation of these points around the iterate, in units of the width of the bounds (sigma)'),
  stepSize: z
    .number()
    .positive()
    .optional()
    .describe('length of a step, in the unit of epsilon; default epsilon / 5, 0.01 at 0.05 as in the paper'),
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0.9)
    .describe("weight of the direction so far in each step's direction; 0.9 in the authors' code"),
});

/**
 * NES: estimates the gradient from scores along Gaussian vectors, two opposite points at a time
 * (natural evolution strategies), and takes projected steps along it: its sign in Linf, normalised
 * in L2 (Ilyas et al. 2019, https://arxiv.org/abs/1807.07978, section 3).
 *
 * Each example has its own vectors. Points lie inside the bounds, see {@link sumOfDifferences}.
 * `queries` counts two per pair and one per iterate. The step size stays; the authors' code halves
 * it when the loss rests.
 *
 * @example
 * ```ts
 * const attack = nes({ steps: 200 });
 * const { success, queries } = await attack.run(model, x, y, { norm: 'linf', epsilon: 0.05 });
 * ```
 */
export const nes = defineAttack({
  name: 'nes',
  summary:
    'Natural evolution strategies: projected steps along gradients estimated from scores along Gaussian directions.',
  paper:
    'Ilyas et al. 2018, Black-box Adversarial Attacks with Limited Queries and Information, https://arxiv.org/abs/1804.08598, section 3.1',
  knowledge: 'scores',
  norms: ['linf', 'l2'],
  budget: 'fixed',
  options,
  async perturb(scope, { steps, pairs, radius, stepSize, momentum }) {
    const [low, high] = scope.threat.bounds;
    const length = stepSize ?? reachOf(scope.threat, scope.x) / 5;
    return climbEstimates(scope, {
      steps,
      pairs,
      radius: radius * (high - low),
      memory: { direction: tf.zerosLike(scope.x) },
      draw: ({ rng, x }, count) => rng.normal('direction', [count, ...x.shape.slice(1)]),
      advance({ x, threat }, { adv, direction }, gradient) {
        const next = tf.add(tf.mul(direction, momentum), tf.mul(gradient, 1 - momentum));
        return {
          adv: threat.project(tf.add(adv, tf.mul(threat.steepestAscent(next), length)), x),
          direction: next,
        };
      },
    });
  },
});
