import { langevin } from '@advrob/attacks';
import type { Attack } from '@advrob/core';
import { z } from 'zod';
import { batchMeanNoise } from '../inner/batch-mean-noise.js';

/** Options of the recipes' sampler, beside its kind of noise. */
export const samplerFields = {
  steps: z.int().min(1).default(10).describe('K: steps of the sampler'),
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
};

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
