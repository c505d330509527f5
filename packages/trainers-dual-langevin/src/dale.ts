import { defineObjective, defineTrainer, type Objective } from '@advrob/core';
import { sgd } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import {
  advbenchCompat,
  cleanAndRobust,
  dalePaper,
  preparePairs,
  samplerFields,
  samplerOf,
  sgdFields,
  type Pairs,
} from './shared.js';

const daleFields = {
  nu: z.number().min(0).default(0.1).describe('weight of the clean cross-entropy'),
};

/**
 * DALE with a fixed weight (Robey et al. 2021, https://arxiv.org/abs/2110.15767):
 * `CE(f(x'), y) + nu * CE(f(x), y)`, where x' is a sample of the perturbation distribution whose
 * density grows with `1 - p_y`. The sampler is the attack of the run: `langevin` of
 * `@advrob/attacks`, or any other. With nu 0 it is adversarial training.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { langevin } from '@advrob/attacks';
 * import { dale } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const attack = langevin({ sampler: 'laplace', steps: 7 });
 * await fit({
 *   model, data, objective: dale({ nu: 0.5 }), attack, threat: { norm: 'linf', epsilon: 0.3 },
 *   epochs: 5,
 * });
 * ```
 */
export const dale = defineObjective({
  name: 'dale',
  summary: 'DALE with a fixed weight: cross-entropy of sampled perturbations plus a part of the clean one.',
  paper: dalePaper,
  options: z.strictObject(daleFields),
  create: ({ nu }): Objective<Pairs> => ({
    prepare: preparePairs,
    loss(prepared, model, how) {
      const { clean, robust } = cleanAndRobust(prepared, model, how);
      return { total: tf.add(robust, tf.mul(nu, clean)), terms: { clean, robust } };
    },
  }),
});

/**
 * DALE with Gaussian noise and a fixed weight as advbench runs it (Robey et al. 2021,
 * https://arxiv.org/abs/2110.15767): nu 0.1, SGD with momentum 0.9 and weight decay 3.5e-3 at
 * learning rate 0.01. On MNIST 7 steps of 0.1 with noise 0.001 at epsilon 0.3 (50 passes); on
 * CIFAR-10 10 steps of 0.007 without noise at 8/255 (200 passes, tenfold drops at 150, 175 and
 * 190), which then are the steps of PGD.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { gaussianDaleTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = gaussianDaleTrainer({ steps: 7, stepSize: 0.1 });
 * await fit({
 *   model, data, ...plan, threat: { norm: 'linf', epsilon: 0.3 }, learningRate: 0.01, epochs: 50,
 * });
 * ```
 */
export const gaussianDaleTrainer = defineTrainer({
  name: 'gaussian-dale',
  summary: 'DALE with a fixed weight and Gaussian noise.',
  paper: dalePaper,
  options: z.strictObject({ ...daleFields, ...samplerFields, ...sgdFields }),
  create: ({ nu, momentum, weightDecay, ...own }) => ({
    objective: dale({ nu }),
    attack: samplerOf({ sampler: 'gaussian', ...own }),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});

/**
 * DALE with Laplace noise and a fixed weight as advbench runs it (Robey et al. 2021,
 * https://arxiv.org/abs/2110.15767), with the SGD of `gaussian-dale`. advbench has noise 0.001 on
 * MNIST and 0.01 on CIFAR-10 in units of a batch mean's gradient, at batch size 128: 0.128 and 1.28
 * here, or `advbenchCompat: true`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { laplacianDaleTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = laplacianDaleTrainer({ steps: 7, stepSize: 0.1, noise: 0.128 });
 * await fit({
 *   model, data, ...plan, threat: { norm: 'linf', epsilon: 0.3 }, learningRate: 0.01, epochs: 50,
 * });
 * ```
 */
export const laplacianDaleTrainer = defineTrainer({
  name: 'laplacian-dale',
  summary: 'DALE with a fixed weight and Laplace noise inside the sign.',
  paper: dalePaper,
  options: z.strictObject({ ...daleFields, ...samplerFields, advbenchCompat, ...sgdFields }),
  create: ({ nu, momentum, weightDecay, ...own }) => ({
    objective: dale({ nu }),
    attack: samplerOf({ sampler: 'laplace', ...own }),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});
