import type { RowRandom, Rows, ThreatModel } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { logOneMinusLoss } from '@advrob/core/losses';
import { signOf } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import { reachOf } from './shared/steps.js';

/** Options of {@link langevin}, for recipes that bring it. */
export const langevinOptions = z.strictObject({
  sampler: z.enum(['gaussian', 'laplace']).default('gaussian').describe('noise added after, or inside, the sign'),
  steps: z.int().min(1).default(10).describe('steps of the sampler'),
  stepSize: z
    .number()
    .positive()
    .optional()
    .describe('length of a step, in the unit of epsilon; default 2.5 epsilon / steps'),
  noise: z
    .number()
    .min(0)
    .default(0.001)
    .describe("scale of the noise: in units of the inputs (gaussian) or of one example's gradient (laplace)"),
  start: z
    .enum(['tinygauss', 'uniform', 'zero'])
    .default('tinygauss')
    .describe('the clean example plus 0.001 N(0, 1), as in the paper; a random point of the ball; the clean example'),
  eot: eotOption,
});

/**
 * The Langevin samplers of DALE, used as an attack: noisy sign steps that ascend `log(1 - p_y)`,
 * exact also where `p_y` rounds to 1; see {@link langevinStep}. One sample per restart.
 *
 * The authors use 7 steps of 0.1 with noise 0.001 on MNIST at epsilon 0.3, and 10 of 0.007 on
 * CIFAR-10 at 8/255, without noise (gaussian) or with 0.01 (laplace, there of a batch mean).
 * Without noise and from the same start it is PGD, bit for bit.
 *
 * @example
 * ```ts
 * const attack = langevin({ sampler: 'laplace' });
 * const result = await attack.run(model, x, y, { norm: 'linf', epsilon: 0.3 });
 * ```
 */
export const langevin = defineAttack({
  name: 'langevin',
  summary: 'Projected Langevin sampling of perturbations with Gaussian or Laplace noise, as in DALE.',
  paper:
    'Robey et al. 2021, Adversarial Robustness with Semi-Infinite Constrained Learning, https://arxiv.org/abs/2110.15767, algorithm 1',
  knowledge: 'gradients',
  norms: ['linf'],
  budget: 'fixed',
  loss: logOneMinusLoss,
  options: langevinOptions,
  async perturb(scope, { steps, stepSize, start, eot, ...noise }) {
    const length = stepSize ?? (2.5 * reachOf(scope.threat, scope.x)) / steps;
    const { adv } = await scope.iterate({ adv: startOf(scope, start) }, steps, ({ adv }, rows) => {
      const { gradient, logits } = averagedGradient(rows.model, adv, rows.lossOf, eot);
      // The tiny noise of the start is not projected, as in the paper, so the start itself is never
      // reported.
      if (rows.step > 0 || start !== 'tinygauss') rows.offer(adv, logits);
      return { adv: langevinStep(rows, adv, gradient, length, noise) };
    });
    return adv;
  },
});

function startOf({ x, threat, rng }: Rows<'gradients'>, start: z.infer<typeof langevinOptions>['start']): Tensor {
  if (start === 'zero') return x;
  if (start === 'uniform') return threat.randomStart(x, rng);
  return tf.add(x, tf.mul(0.001, rng.normal('start', x.shape.slice(1))));
}

/** The noise of a Langevin step. */
export interface LangevinNoise {
  /**
   * `gaussian`: `x' <- project(x' + stepSize sign(g) + noise N(0, 1))`, noise in units of the
   * inputs. `laplace`: `x' <- project(x' + stepSize sign(g + noise Laplace(0, 1)))`, noise in units
   * of the gradient of one example.
   */
  readonly sampler: 'gaussian' | 'laplace';
  /** Scale of the noise, 0 for none: then both samplers are a step of PGD. */
  readonly noise: number;
}

/** Where a Langevin step happens; `Rows` of an attack fit. */
export interface LangevinPlace {
  /** Clean examples [n, ...]. */
  readonly x: Tensor;
  /** An Linf threat. */
  readonly threat: ThreatModel;
  readonly rng: RowRandom;
}

/**
 * One step of the projected Langevin samplers of DALE (Robey et al. 2021, algorithm 1, with the
 * signs of the authors' code) from `adv` along `gradient` [n, ...], that of each example's own
 * `log(1 - p)`.
 *
 * The authors take the gradient of the batch mean, a `1 / n` of this one, so that their Laplace
 * noise grows with the batch: their scale `c` at batch size `n` is `noise = c n` here. With sign
 * and projection neither samples a density exactly. The result is the caller's.
 *
 * @example
 * ```ts
 * const next = langevinStep(rows, adv, gradient, 0.1, { sampler: 'gaussian', noise: 0.001 });
 * ```
 */
export function langevinStep(
  { x, threat, rng }: LangevinPlace,
  adv: Tensor,
  gradient: Tensor,
  stepSize: number,
  { sampler, noise }: LangevinNoise,
): Tensor {
  return tf.tidy(() => {
    const shape = adv.shape.slice(1);
    if (noise === 0) return threat.project(tf.add(adv, tf.mul(signOf(gradient), stepSize)), x);
    if (sampler === 'laplace') {
      const noisy = tf.add(gradient, tf.mul(rng.laplace('langevin', shape), noise));
      return threat.project(tf.add(adv, tf.mul(signOf(noisy), stepSize)), x);
    }
    const moved = tf.add(adv, tf.mul(signOf(gradient), stepSize));
    return threat.project(tf.add(moved, tf.mul(rng.normal('langevin', shape), noise)), x);
  });
}
