import { defineObjective, defineTrainer, type Objective } from '@advrob/core';
import { adam } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { boundsLoss, boundsShape, fastRecipe, fastShape, initializer, type BoundsValues } from './ibp.js';
import { layersChecked } from './layers.js';

const sabrShape = {
  lambda: z
    .number()
    .gt(0)
    .max(1)
    .default(0.4)
    .describe('radius of the small box in units of epsilon; 0.4 on MNIST at 0.1, 0.1 on CIFAR-10 at 2/255'),
  l1: z.number().min(0).default(0).describe('weight of the sum of |w| over weights with more than one axis'),
};

/**
 * SABR, small boxes (Müller et al. 2023, https://arxiv.org/abs/2210.04871, section 3): intervals over a box
 * of radius lambda epsilon around a point that the attack found, moved so that the box lies within
 * the ball. It gives up bounds of the whole ball for less regularisation: certify with a method that
 * is tighter than intervals. With lambda = 1 it is `ibp`. For CIFAR-10 at 2/255 the authors also
 * shrink intervals after ReLU, which is left out.
 *
 * @throws AdvrobError `ADVROB_OPTION`; when it trains `ADVROB_NORM` for balls other than Linf,
 *   `ADVROB_CERTIFY` for a layer without bounds, `ADVROB_ATTACK_MISSING`.
 * @example
 * ```ts
 * import { pgd } from '@advrob/attacks';
 * import { sabr } from '@advrob/certification';
 * import { fit } from '@advrob/training';
 * await fit({
 *   model, data, objective: sabr({ lambda: 0.4 }), attack: pgd({ steps: 8, stepSize: 0.5 }),
 *   threat: { norm: 'linf', epsilon: 0.1 },
 *   epsilonSchedule: { name: 'smoothed-ramp', from: 1, length: 20 }, epochs: 70,
 * });
 * ```
 */
export const sabr = defineObjective({
  name: 'sabr',
  summary: 'SABR: interval bounds over a small box around an adversarial point.',
  paper:
    'Müller, Eckert, Fischer, Vechev 2023, Certified Training: Small Boxes are All You Need, https://arxiv.org/abs/2210.04871',
  options: z.strictObject({ ...sabrShape, ...boundsShape, kappa: boundsShape.kappa.unwrap().default(0) }),
  create: ({ lambda, l1, ...options }): Objective<BoundsValues> => {
    const check = layersChecked('sabr');
    const start = initializer(options);
    return {
      state: start.state,
      async prepare(batch, context) {
        const { model, threat, epsilonFactor, maximize } = context;
        await check(model, threat);
        start.prepare(batch.x, context);
        const { x, y } = batch;
        const found = lambda === 1 ? x : await maximize(batch);
        const room = (1 - lambda) * threat.epsilon;
        return {
          x,
          y,
          center: tf.tidy(() => tf.minimum(tf.maximum(found, tf.sub(x, room)), tf.add(x, room))),
          radius: tf.scalar(lambda * threat.epsilon),
          factor: tf.scalar(epsilonFactor),
        };
      },
      loss(values, model, how) {
        const { total, terms } = boundsLoss(values, model, how, options);
        if (l1 === 0) return { total, terms };
        const kernels = Object.values(model.weights).filter(({ rank }) => rank > 1);
        const size = tf.addN(kernels.map((weights) => tf.sum(tf.abs(weights))));
        return { total: tf.add(total, tf.mul(size, l1)), terms };
      },
    };
  },
});

/**
 * SABR on MNIST at 0.1 with the settings of its paper: lambda 0.4, a weight of 1e-5 on |w|, and the
 * rest as in `ibpTrainer`. Its attack is PGD of 8 steps of half of epsilon.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { pgd } from '@advrob/attacks';
 * import { sabrTrainer } from '@advrob/certification';
 * import { fit } from '@advrob/training';
 * await fit({
 *   model, data, ...sabrTrainer(), attack: pgd({ steps: 8, stepSize: 0.5 }),
 *   threat: { norm: 'linf', epsilon: 0.1 }, epochs: 70,
 * });
 * ```
 */
export const sabrTrainer = defineTrainer({
  name: 'sabr',
  summary: 'SABR with the settings of its paper on MNIST.',
  paper:
    'Müller, Eckert, Fischer, Vechev 2023, Certified Training: Small Boxes are All You Need, https://arxiv.org/abs/2210.04871',
  options: z.strictObject({ ...sabrShape, ...fastShape, l1: sabrShape.l1.unwrap().default(1e-5) }),
  create: (options) => ({ objective: sabr(options), optimizer: adam(), ...fastRecipe }),
});
