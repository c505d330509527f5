import type { RowRandom, ThreatModel } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The noise of a Langevin step. */
export interface LangevinNoise {
  /**
   * `gaussian`: `x' <- project(x' + stepSize sign(g) + noise N(0, 1))`, noise in units of the inputs.
   * `laplace`: `x' <- project(x' + stepSize sign(g + noise Laplace(0, 1)))`, noise in units of the gradient of one example.
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
 * One step of the projected Langevin samplers of DALE (Robey et al. 2021, https://arxiv.org/abs/2110.15767, algorithm 1; the signs as in the authors'
 * code) from `adv` along `gradient` [n, ...], the gradient of each example's own `log(1 - p)`.
 *
 * The authors' code takes the gradient of the batch mean, a `1 / n` of this one, so that its Laplace noise grows with the batch: their scale `c` at
 * batch size `n` is `noise = c n` here. With the sign and the projection neither is an exact sampler of a density.
 *
 * The result is the caller's; arguments are not disposed. Draws under the purpose `langevin`.
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
    if (noise === 0) return threat.project(tf.add(adv, tf.mul(tf.sign(gradient), stepSize)), x);
    if (sampler === 'laplace') {
      const noisy = tf.add(gradient, tf.mul(rng.laplace('langevin', shape), noise));
      return threat.project(tf.add(adv, tf.mul(tf.sign(noisy), stepSize)), x);
    }
    const moved = tf.add(adv, tf.mul(tf.sign(gradient), stepSize));
    return threat.project(tf.add(moved, tf.mul(rng.normal('langevin', shape), noise)), x);
  });
}
