import { defineTransform, type Gradient, type Work } from '@advrob/core';
import { unit } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { moveWeights, weightChanges, type WeightChanges } from '../weights/with-weights.js';

export const awpOptions = z.strictObject({
  gamma: z
    .number()
    .positive()
    .default(0.01)
    .describe('length of the perturbation relative to the weights of each layer; 0.01 for PGD-AT, 0.005 for TRADES'),
  warmUp: z.number().min(0).default(0).describe('passes over the data without it; 10 for TRADES, 5 for PGD-AT on SVHN'),
});

/**
 * Adversarial weight perturbation (Wu, Xia, Wang 2020, https://arxiv.org/abs/2004.05884, algorithm
 * 1). For every weight w with more than one axis `d = |w| g / |g|`, with the gradient g, however
 * small, of the loss on the same batch; then gradient and update (weight decay included) at `w + gamma d`,
 * and `gamma d` is subtracted again. The adversarial examples are those found at w; g leaves batch
 * norm's statistics alone. Costs one forward and backward pass more per gradient.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { awp, fit, pgdAt, sgd } from '@advrob/training';
 * await fit({
 *   model, data, objective: pgdAt(), transforms: [awp()],
 *   optimizer: sgd({ momentum: 0.9, weightDecay: 5e-4 }), attack, threat, epochs: 10,
 * });
 * ```
 */
export const awp = defineTransform({
  name: 'awp',
  summary: 'Adversarial weight perturbation: gradient and update at weights moved against the training.',
  paper:
    'Wu, Xia, Wang 2020, Adversarial Weight Perturbation Helps Robust Generalization, https://arxiv.org/abs/2004.05884',
  options: awpOptions,
  create:
    ({ gamma, warmUp }) =>
    (work) =>
      work.epoch < warmUp ? work : perturbed(work, gamma),
});

function perturbed(work: Work, gamma: number): Work {
  const { model } = work;
  let atGradient: WeightChanges = {};

  const ascend = ({ grads }: Gradient): WeightChanges =>
    weightChanges(model, (name, weight) => {
      if (weight.rank < 2) return undefined;
      const direction = unit('l2', tf.reshape(grads[name]!, [1, -1]));
      return tf.mul(tf.reshape(direction, weight.shape), tf.mul(gamma, tf.norm(weight)));
    });

  return {
    ...work,
    async gradient(prepared, options) {
      const up = await work.gradient(prepared, { ...options, probe: true });
      const changes = ascend(up);
      Object.values(changes).forEach(work.hold);
      tf.dispose([up.grads, up.terms]);
      const restore = moveWeights(model, changes);
      try {
        return await work.gradient(prepared, options);
      } finally {
        restore();
        if (options?.probe) tf.dispose(changes);
        else {
          tf.dispose(atGradient);
          atGradient = changes;
        }
      }
    },
    update(body) {
      const restore = moveWeights(model, atGradient);
      try {
        work.update(body);
      } finally {
        restore();
      }
    },
  };
}
