import { langevin, langevinOptions } from '@advrob/attacks';
import type { Attack } from '@advrob/core';
import * as z from 'zod';
import { batchMeanNoise } from '../inner/batch-mean-noise.js';

/** Options of the recipes' sampler, beside its kind of noise. */
export const samplerFields = langevinOptions.pick({ steps: true, stepSize: true, noise: true, start: true }).shape;

export const advbenchCompat = z
  .boolean()
  .default(false)
  .describe(
    "Laplace noise is in units of the batch mean's gradient, as in advbench: n times as large for a batch of n examples",
  );

/** Options of the recipes' SGD, with the defaults of advbench. */
export const sgdFields = {
  momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of SGD'),
  weightDecay: z.number().min(0).default(3.5e-3).describe('L2 penalty added to the gradient'),
};

type SamplerOptions = z.output<z.ZodObject<typeof samplerFields>> & {
  readonly sampler: 'gaussian' | 'laplace';
  readonly advbenchCompat?: boolean;
};

/** The inner sampler of a recipe. */
export function samplerOf({ advbenchCompat: isCompat = false, stepSize, ...rest }: SamplerOptions): Attack {
  const options = { ...rest, ...(stepSize !== undefined && { stepSize }) };
  return isCompat ? batchMeanNoise(options) : langevin(options);
}
