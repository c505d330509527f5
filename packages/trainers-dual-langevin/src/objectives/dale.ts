import { defineObjective, type Objective } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { cleanAndRobust, preparePairs, type Pairs } from './clean-and-robust.js';

export const daleFields = {
  nu: z.number().min(0).default(0.1).describe('weight of the clean cross-entropy'),
};

/**
 * DALE with a fixed weight (Robey et al. 2021, https://arxiv.org/abs/2110.15767): `CE(f(x'), y) + nu * CE(f(x), y)`, where x' is a sample of the perturbation
 * distribution whose density grows with `1 - p_y`. The sampler is the attack of the run: `langevin` of `@advrob/attacks`, or any other. With nu 0 it is
 * adversarial training.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { langevin } from '@advrob/attacks';
 * import { dale } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const attack = langevin({ sampler: 'laplace', steps: 7 });
 * await fit({ model, data, objective: dale({ nu: 0.5 }), attack, threat: { norm: 'linf', epsilon: 0.3 }, epochs: 5 });
 * ```
 */
export const dale = defineObjective({
  name: 'dale',
  summary: 'DALE with a fixed weight: cross-entropy of sampled perturbations plus a part of the clean one.',
  paper:
    'Robey et al. 2021, Adversarial Robustness with Semi-Infinite Constrained Learning, https://arxiv.org/abs/2110.15767',
  options: z.strictObject(daleFields),
  create: ({ nu }): Objective<Pairs> => ({
    prepare: preparePairs,
    loss(prepared, model, how) {
      const { clean, robust } = cleanAndRobust(prepared, model, how);
      return { total: tf.add(robust, tf.mul(nu, clean)), terms: { clean, robust } };
    },
  }),
});
