import { defineTrainer } from '@advrob/core';
import { sgd } from '@advrob/training';
import * as z from 'zod';
import { dale, daleFields } from '../objectives/dale.js';
import { advbenchCompat, samplerFields, samplerOf, sgdFields } from './recipe-options.js';

/**
 * DALE with Laplace noise and a fixed weight as advbench runs it (Robey et al. 2021, https://arxiv.org/abs/2110.15767), with the SGD of `gaussian-dale`. advbench has
 * noise 0.001 on MNIST and 0.01 on CIFAR-10 in units of a batch mean's gradient, at batch size 128: 0.128 and 1.28 here, or `advbenchCompat: true`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { laplacianDaleTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = laplacianDaleTrainer({ steps: 7, stepSize: 0.1, noise: 0.128 });
 * await fit({ model, data, ...plan, threat: { norm: 'linf', epsilon: 0.3 }, learningRate: 0.01, epochs: 50 });
 * ```
 */
export const laplacianDaleTrainer = defineTrainer({
  name: 'laplacian-dale',
  summary: 'DALE with a fixed weight and Laplace noise inside the sign.',
  paper:
    'Robey et al. 2021, Adversarial Robustness with Semi-Infinite Constrained Learning, https://arxiv.org/abs/2110.15767',
  options: z.strictObject({ ...daleFields, ...samplerFields, advbenchCompat, ...sgdFields }),
  create: ({ nu, momentum, weightDecay, ...own }) => ({
    objective: dale({ nu }),
    attack: samplerOf({ sampler: 'laplace', ...own }),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});
