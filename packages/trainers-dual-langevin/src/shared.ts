import { langevin, langevinOptions } from '@advrob/attacks';
import type { Attack, Classifier, ForwardOptions, Objective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { secondPass, sgdShape } from '@advrob/training';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { dualFields } from './primal-dual.js';

export const dalePaper =
  'Robey et al. 2021, Adversarial Robustness with Semi-Infinite Constrained Learning, https://arxiv.org/abs/2110.15767';

/** Options of the recipes' sampler, beside its kind of noise. */
export const samplerFields = langevinOptions.pick({ steps: true, stepSize: true, noise: true, start: true }).shape;

export const advbenchCompat = z
  .boolean()
  .default(false)
  .describe(
    "Laplace noise is in units of the batch mean's gradient, as in advbench: n times as large for a batch of n examples",
  );

/** Options of the recipes' SGD, with the defaults of advbench. */
export const sgdFields = sgdShape(3.5e-3);

/** Options of the primal-dual recipes that sample with Langevin steps. */
export const dualRecipeOptions = z.strictObject({
  ...dualFields,
  sampler: z.enum(['gaussian', 'laplace']).default('gaussian').describe('noise added after, or inside, the sign'),
  ...samplerFields,
  advbenchCompat,
  ...sgdFields,
});

type SamplerOptions = z.output<z.ZodObject<typeof samplerFields>> & {
  readonly sampler: 'gaussian' | 'laplace';
  readonly advbenchCompat?: boolean;
};

/** The inner sampler of a recipe. */
export function samplerOf({ advbenchCompat: isCompat = false, ...options }: SamplerOptions): Attack {
  return isCompat ? batchMeanNoise(options) : langevin(options);
}

type LangevinOptions = NonNullable<Parameters<typeof langevin>[0]>;

/**
 * The sampler `langevin` with noise as advbench scales it: relative to the gradient of the batch's
 * mean loss, 1 / n of an example's own, so that in effect the noise is n times as large for a batch
 * of n. Only Laplace noise, which stands inside the sign, is affected.
 */
export function batchMeanNoise(options: LangevinOptions & { readonly noise: number }): Attack {
  const attack = langevin(options);
  if (options.sampler !== 'laplace') return attack;
  return {
    ...attack,
    options: { ...options, advbenchCompat: true },
    maximize: (model, x, ...rest) =>
      langevin({ ...options, noise: options.noise * x.shape[0]! }).maximize(model, x, ...rest),
  };
}

/** Clean examples, what the attack of the run made of them, and their labels. */
export type Pairs = { readonly x: Tensor; readonly adversarial: Tensor; readonly y: Tensor };

/**
 * Attacks each batch with the attack of the run and its own loss, `log(1 - p)` for a Langevin
 * sampler.
 */
export const preparePairs: Objective<Pairs>['prepare'] = async (batch, { maximize }) => ({
  x: batch.x,
  adversarial: await maximize(batch),
  y: batch.y,
});

/** Mean cross-entropy on clean and on adversarial examples, two scalars. */
export function cleanAndRobust({ x, adversarial, y }: Pairs, model: Classifier, how: ForwardOptions) {
  return {
    clean: meanCrossEntropy(model.logits(x, how), y),
    robust: meanCrossEntropy(model.logits(adversarial, secondPass(how)), y),
  };
}
