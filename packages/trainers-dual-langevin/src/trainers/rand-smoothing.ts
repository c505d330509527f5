import { pgd } from '@advrob/attacks';
import { defineTrainer } from '@advrob/core';
import { pgdAt, sgd, smoothadv } from '@advrob/training';
import * as z from 'zod';
import { advbenchSmoothing } from '../inner/advbench-smoothing.js';
import { sgdFields } from './recipe-options.js';

/**
 * `RandSmoothing` of advbench, i.e. SmoothAdv (Salman et al. 2019, https://arxiv.org/abs/1906.04584) in an Linf ball, with the SGD of `gaussian-dale`: sigma 0.12 on CIFAR-10,
 * 0.5 on MNIST. As the method says, each step goes on from the last point, with the same noise, and the loss sees the noise too (`smoothadv` of
 * `@advrob/training`). With `advbenchCompat` each step starts from the clean example under fresh noise, and the loss sees x' without noise.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { randSmoothingTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = randSmoothingTrainer({ sigma: 0.5, stepSize: 0.1 });
 * await fit({ model, data, ...plan, threat: { norm: 'linf', epsilon: 0.3 }, learningRate: 0.01, epochs: 50 });
 * ```
 */
export const randSmoothingTrainer = defineTrainer({
  name: 'rand-smoothing',
  summary: 'SmoothAdv with the settings of advbench.',
  paper:
    'Salman et al. 2019, Provably Robust Deep Learning via Adversarially Trained Smoothed Classifiers, https://arxiv.org/abs/1906.04584',
  options: z.strictObject({
    sigma: z.number().positive().default(0.12).describe("standard deviation of the noise in the model's units"),
    samples: z.int().min(1).default(10).describe('noise vectors for each example'),
    steps: z.int().min(1).default(10).describe('steps of the attack'),
    stepSize: z.number().positive().default(0.007).describe('length of a step, in the unit of epsilon'),
    advbenchCompat: z
      .boolean()
      .default(false)
      .describe('steps restart from the clean example and the loss sees no noise, as in the code of advbench'),
    ...sgdFields,
  }),
  create: ({ advbenchCompat, momentum, weightDecay, sigma, samples, steps, stepSize }) => ({
    ...(advbenchCompat
      ? { objective: pgdAt(), attack: advbenchSmoothing({ sigma, samples, steps, stepSize }) }
      : { objective: smoothadv({ sigma, samples }), attack: pgd({ steps, stepSize, start: 'zero' }) }),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});
