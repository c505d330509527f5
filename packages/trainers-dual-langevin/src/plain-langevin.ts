import { AdvrobError } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { logOneMinusLoss } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

const options = z.strictObject({
  steps: z.int().min(1).default(100).describe('steps of the sampler'),
  stepSize: z
    .number()
    .positive()
    .optional()
    .describe('eta, in squared units of the inputs; default (epsilon / 10)^2, so that noise moves 0.14 epsilon a step'),
  temperature: z.number().min(0).default(1).describe('T: 1 samples the density itself, 0 ascends it'),
});

/**
 * The projected Langevin sampler that DALE's signed steps stand in for (Robey et al. 2021,
 * https://arxiv.org/abs/2110.15767, section 4), from a random point of the ball: `x' <- project(x'
 * + eta * grad log l(f(x'), y) + sqrt(2 eta T) N(0, 1))`. The density of its points is proportional
 * to `l^(1 / T)`, up to an error of order sqrt(eta): for T = 1 and the default loss `log(1 - p_y)`
 * to the probability of an error. Mixing takes about `(epsilon / pi)^2 * 4 / (T eta)` steps, 40 by
 * default. `langevin` of `@advrob/attacks` trains better but samples no known density.
 *
 * @throws AdvrobError `ADVROB_OPTION`: out of range, or an infinite epsilon without `stepSize`.
 * @example
 * ```ts
 * import { plainLangevin } from '@advrob/trainers-dual-langevin';
 * const sample = await plainLangevin({
 *   steps: 200 }).maximize(model, x, y, { norm: 'linf', epsilon: 0.1,
 * });
 * ```
 */
export const plainLangevin = defineAttack({
  name: 'plain-langevin',
  summary:
    'Projected Langevin sampling without signs: perturbations with density proportional to the chance of an error.',
  paper:
    'Robey et al. 2021, Adversarial Robustness with Semi-Infinite Constrained Learning, https://arxiv.org/abs/2110.15767',
  knowledge: 'gradients',
  norms: ['linf', 'l2'],
  budget: 'fixed',
  loss: logOneMinusLoss,
  options,
  async perturb(scope, { steps, stepSize, temperature }) {
    const { x, threat, rng } = scope;
    const eta = stepSize ?? (threat.epsilon / 10) ** 2;
    if (!Number.isFinite(eta))
      throw new AdvrobError('ADVROB_OPTION', "attack 'plain-langevin': a threat without a radius needs stepSize");
    const start = { adv: threat.randomStart(x, rng) };
    const { adv } = await scope.iterate(start, steps, ({ adv }, rows) => {
      const { gradient, logits } = rows.model.gradient(adv, rows.lossOf);
      rows.offer(adv, logits);
      const noise = tf.mul(rows.rng.normal('langevin', adv.shape.slice(1)), Math.sqrt(2 * eta * temperature));
      const moved = tf.add(tf.add(adv, tf.mul(gradient, eta)), noise);
      return { adv: rows.threat.project(moved, rows.x) };
    });
    return adv;
  },
});
