import { defineTransform, type Gradient, type Work } from '@advrob/core';
import { signOf } from '@advrob/core/rows';
import { withWeights } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { relativeNoise, sigmaNote } from './weight-noise.js';

/**
 * Trains on any objective L with the first two Taylor terms of Gaussian weight noise u (that of
 * {@link weightNoise}), taken from the loss itself, not from the last layer as {@link rat} does:
 * `R1 = |L(w + u) - L(w - u)| / 2` penalises the norm of the gradient,
 * `R2 = L(w + u) + L(w - u) - 2 L(w)` the curvature, E[R2] = sigma^2 tr H for unit scales, and the
 * loss is `L(w) + firstWeight R1 + secondWeight max(R2, 0)`. Costs three gradients instead of one,
 * all with the same dropout masks. The logged loss is L(w).
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, trades } from '@advrob/training';
 * import { taylorExpansion } from '@advrob/trainers-randomized';
 * await fit({
 *   model, data, objective: trades(), transforms: [taylorExpansion({ sigma: 0.05 })], attack,
 *   threat, epochs: 10,
 * });
 * ```
 */
export const taylorExpansion = defineTransform({
  name: 'taylor-expansion',
  summary: 'Adds the first two Taylor terms of Gaussian weight noise to any objective, by finite differences.',
  paper: 'Jin et al. 2023, Randomized Adversarial Training via Taylor Expansion, https://arxiv.org/abs/2303.10653',
  options: z.strictObject({
    sigma: z.number().positive().default(0.01).describe(sigmaNote),
    firstWeight: z.number().min(0).default(1).describe('weight of the first term'),
    secondWeight: z.number().min(0).default(0.5).describe('weight of the second term; 1/2 is that of the expansion'),
    clamp: z.boolean().default(true).describe('whether a negative second term counts as 0'),
  }),
  create: (options) => (work) => expanded(work, options),
});

interface Weights {
  readonly sigma: number;
  readonly firstWeight: number;
  readonly secondWeight: number;
  readonly clamp: boolean;
}

function expanded(work: Work, options: Weights): Work {
  let calls = 0;
  return {
    ...work,
    async gradient(prepared, how) {
      const noise = relativeNoise(work.model, options.sigma, work.rng, `taylor ${calls++}`);
      try {
        const centre = await work.gradient(prepared, how);
        const at = (sign: 1 | -1): Promise<Gradient> =>
          withWeights(
            work.model,
            (name) => tf.mul(noise[name]!, sign),
            () => work.gradient(prepared, { probe: true, sameDraws: true }),
          );
        const [above, below] = [await at(1), await at(-1)];
        const result = tf.tidy(() => combine(centre, above, below, options));
        for (const { grads, terms } of [centre, above, below]) tf.dispose([grads, terms]);
        for (const tensor of [...Object.values(result.grads), ...Object.values(result.terms)]) work.hold(tensor);
        return result;
      } finally {
        tf.dispose(noise);
      }
    },
  };
}

/**
 * The gradient of the loss with its terms, a combination of the three gradients whose factors
 * depend on the signs of the terms.
 */
function combine(centre: Gradient, above: Gradient, below: Gradient, options: Weights) {
  const { firstWeight, secondWeight, clamp } = options;
  const [middle, high, low] = [centre, above, below].map(({ terms }) => terms['total']!) as [Tensor, Tensor, Tensor];
  const difference = tf.mul(tf.sub(high, low), 0.5);
  const curvature = tf.sub(tf.add(high, low), tf.mul(middle, 2));
  const second = clamp ? tf.relu(curvature) : curvature;
  const isCounted = clamp ? tf.cast(tf.greater(curvature, 0), 'float32') : tf.scalar(1);
  const bend = tf.mul(isCounted, secondWeight);
  const slope = tf.mul(signOf(difference), firstWeight / 2);
  const factors = { centre: tf.sub(1, tf.mul(bend, 2)), above: tf.add(bend, slope), below: tf.sub(bend, slope) };
  const grads = Object.fromEntries(
    Object.entries(centre.grads).map(([name, gradient]): [string, Tensor] => [
      name,
      tf.addN([
        tf.mul(gradient, factors.centre),
        tf.mul(above.grads[name]!, factors.above),
        tf.mul(below.grads[name]!, factors.below),
      ]),
    ]),
  );
  const first = tf.abs(difference);
  const total = tf.addN([middle, tf.mul(first, firstWeight), tf.mul(second, secondWeight)]);
  const kept = Object.entries(centre.terms).map(([name, term]): [string, Tensor] => [name, tf.clone(term)]);
  const terms: Record<string, Tensor> = { ...Object.fromEntries(kept), first, second, total };
  return { grads, terms };
}
