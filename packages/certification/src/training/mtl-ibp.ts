import { defineObjective, defineTrainer, type Objective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { adam } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { boundsShape, fastRecipe, initializer } from './ibp.js';
import { boundedPass, boxAround, intervalMargins, layersChecked, robustTerms } from './layers.js';

const mtlShape = {
  alpha: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('weight of the loss of bounds; the rest is that of the attack. 0.01 on CIFAR-10 at 2/255'),
  initialization: boundsShape.initialization,
};

type Values = {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly adversarial: Tensor;
  /** [] */
  readonly radius: Tensor;
};

/**
 * MTL-IBP (De Palma et al. 2024, https://arxiv.org/abs/2305.13991, equation 6): alpha times the loss of
 * the worst logits that intervals allow, and 1 - alpha times adversarial training. With alpha 1 it
 * is `ibp` with kappa 0, with alpha 0 it is `pgd-at`. Batch normalisation has the statistics of the
 * adversarial batch, of which there is one forward pass (of the clean one with alpha 1).
 *
 * @throws AdvrobError `ADVROB_OPTION`; when it trains `ADVROB_NORM` for balls other than Linf,
 *   `ADVROB_CERTIFY` for a layer without bounds, `ADVROB_ATTACK_MISSING`.
 * @example
 * ```ts
 * import { pgd } from '@advrob/attacks';
 * import { mtlIbp } from '@advrob/certification';
 * import { fit } from '@advrob/training';
 * await fit({
 *   model, data, objective: mtlIbp({ alpha: 0.1 }), attack: pgd({ steps: 8 }),
 *   threat: { norm: 'linf', epsilon: 0.1 },
 *   epsilonSchedule: { name: 'smoothed-ramp', from: 1, length: 20 }, epochs: 70,
 * });
 * ```
 */
export const mtlIbp = defineObjective({
  name: 'mtl-ibp',
  summary: 'MTL-IBP: a mixture of the losses of interval bounds and of an attack.',
  paper:
    'De Palma et al. 2024, Expressive Losses for Verified Robustness via Convex Combinations, https://arxiv.org/abs/2305.13991',
  options: z.strictObject(mtlShape),
  create: ({ alpha, initialization }): Objective<Values> => {
    const check = layersChecked('mtl-ibp');
    const start = initializer({ initialization });
    return {
      state: start.state,
      async prepare(batch, context) {
        const { model, threat, maximize } = context;
        await check(model, threat);
        start.prepare(batch.x, context);
        const { x, y } = batch;
        return { x, y, adversarial: alpha === 1 ? x : await maximize(batch), radius: tf.scalar(threat.epsilon) };
      },
      loss({ x, y, adversarial, radius }, model, how) {
        return boundedPass(model, adversarial, boxAround(x, radius, model.bounds), how, (pass) => {
          const attacked = meanCrossEntropy(pass.logits, y);
          const { robust, certified } = robustTerms(intervalMargins(pass, y), y);
          const total = tf.add(tf.mul(robust, alpha), tf.mul(attacked, 1 - alpha));
          return { total, terms: { attacked, robust, certified } };
        });
      },
    };
  },
});

/**
 * MTL-IBP with weights drawn for bounds, and rates and the ramp of `ibpTrainer`. Its attack is PGD.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { pgd } from '@advrob/attacks';
 * import { mtlIbpTrainer } from '@advrob/certification';
 * import { fit } from '@advrob/training';
 * await fit({
 *   model, data, ...mtlIbpTrainer({ alpha: 0.1 }), attack: pgd({ steps: 8 }),
 *   threat: { norm: 'linf', epsilon: 0.1 }, epochs: 70,
 * });
 * ```
 */
export const mtlIbpTrainer = defineTrainer({
  name: 'mtl-ibp',
  summary: 'MTL-IBP with the initialisation and schedules of Shi et al.',
  paper:
    'De Palma et al. 2024, Expressive Losses for Verified Robustness via Convex Combinations, https://arxiv.org/abs/2305.13991',
  options: z.strictObject({ ...mtlShape, initialization: mtlShape.initialization.unwrap().default('ibp') }),
  create: (options) => ({ objective: mtlIbp(options), optimizer: adam(), ...fastRecipe }),
});
