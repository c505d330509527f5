import { defineObjective, defineTrainer, type Objective, type Saved } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { adam } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { drawForBounds, explosion } from './fast-start.js';
import { boundedPass, boxAround, intervalMargins, layersChecked, robustTerms, type BoundedPass } from './layers.js';

/** What the objectives share that bound all layers. To be spread into an option schema. */
export const boundsShape = {
  kappa: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('weight of the clean loss when epsilon has reached its full size; 1 at the start of a ramp'),
  initialization: z
    .enum(['model', 'ibp'])
    .default('model')
    .describe("weights to begin with: the model's, or drawn so that bounds do not explode"),
  regularization: z
    .number()
    .min(0)
    .default(0)
    .describe('weight of the regulariser while epsilon grows; 0.5 in the paper'),
};

export type BoundsOptions = z.output<z.ZodObject<typeof boundsShape>>;

/** What a loss of bounds needs: examples, the center of the box, and where the ramp is. */
export type BoundsValues = {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly center: Tensor;
  /** [] */
  readonly radius: Tensor;
  /** [], what the ramp makes of epsilon. */
  readonly factor: Tensor;
};

/**
 * kappa CE(z(x)) + (1 - kappa) CE(worst logits over a box), with kappa going from 1 as the ramp goes
 * to 1, and the regulariser.
 *
 * @param marginsOf Lower bounds of the margins. Default: intervals'.
 */
export function boundsLoss(
  values: BoundsValues,
  model: Parameters<Objective['loss']>[1],
  how: Parameters<Objective['loss']>[2],
  { kappa, regularization }: Pick<BoundsOptions, 'kappa' | 'regularization'>,
  marginsOf: (pass: BoundedPass, y: Tensor) => Tensor = intervalMargins,
): { readonly total: Tensor; readonly terms: Readonly<Record<string, Tensor>> } {
  const { x, y, center, radius, factor } = values;
  return boundedPass(model, x, boxAround(center, radius, model.bounds), how, (pass) => {
    const ce = meanCrossEntropy(pass.logits, y);
    const { robust, certified } = robustTerms(marginsOf(pass, y), y);
    const share = tf.mul(factor, 1 - kappa);
    const loss = tf.add(tf.mul(ce, tf.sub(1, share)), tf.mul(robust, share));
    const terms = { ce, robust, certified };
    if (regularization === 0) return { total: loss, terms };
    const grown = explosion(pass);
    return {
      total: tf.add(loss, tf.mul(grown, tf.mul(tf.sub(1, factor), regularization))),
      terms: { ...terms, explosion: grown },
    };
  });
}

/** Draws the weights at the first step, once: the objective's state remembers it. */
export function initializer({ initialization }: Pick<BoundsOptions, 'initialization'>): {
  readonly state: Saved;
  prepare(x: Tensor, context: Parameters<Objective['prepare']>[1]): void;
} {
  const state: Saved = { isInitialized: 0 };
  return {
    state,
    prepare(x, { model, step, rng }) {
      if (initialization === 'ibp' && step === 0 && state['isInitialized'] === 0) drawForBounds(model, x, rng);
      state['isInitialized'] = 1;
    },
  };
}

/**
 * Training with interval bounds (Gowal et al. 2018, https://arxiv.org/abs/1810.12715, equation 12):
 * kappa times the clean cross-entropy, and 1 - kappa times that of the worst logits that intervals
 * over the Linf ball within the bounds allow; the last layer is merged with the differences of
 * logits. With an `epsilonSchedule`, which training from drawn weights needs, kappa goes from 1 to its
 * value as epsilon goes from 0. Costs about four forward passes and their gradients for a step.
 *
 * Batch normalisation has the statistics of the clean batch; dropout has no bounds. `certified`
 * among the terms is at the epsilon of the step, in float32: certify afterwards.
 *
 * @throws AdvrobError `ADVROB_OPTION`; when it trains `ADVROB_NORM` for balls other than Linf,
 *   `ADVROB_CERTIFY` for a layer without bounds.
 * @example
 * ```ts
 * import { ibp } from '@advrob/certification';
 * import { fit } from '@advrob/training';
 * await fit({
 *   model, data, objective: ibp(), threat: { norm: 'linf', epsilon: 0.1 },
 *   epsilonSchedule: { name: 'smoothed-ramp', from: 1, length: 5 }, epochs: 10,
 * });
 * ```
 */
export const ibp = defineObjective({
  name: 'ibp',
  summary: 'Interval bounds: the loss of the worst logits that they allow, for networks that can be certified.',
  paper:
    'Gowal et al. 2018, On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models, https://arxiv.org/abs/1810.12715',
  options: z.strictObject(boundsShape),
  create: (options): Objective<BoundsValues> => {
    const check = layersChecked('ibp');
    const start = initializer(options);
    return {
      state: start.state,
      async prepare({ x, y }, context) {
        const { model, threat, epsilonFactor } = context;
        await check(model, threat);
        start.prepare(x, context);
        return { x, y, center: x, radius: tf.scalar(threat.epsilon), factor: tf.scalar(epsilonFactor) };
      },
      loss: (values, model, how) => boundsLoss(values, model, how, options),
    };
  },
});

/**
 * Where the rates fall and epsilon grows in Shi et al. 2021 on MNIST: 70 passes, of which the first
 * is clean and 20 are the ramp; a fifth of the rate from pass 50 and from pass 60.
 */
export const fastRecipe = {
  learningRate: 5e-4,
  schedule: { name: 'step', at: [50 / 70, 60 / 70], factor: 0.2, unit: 'run' },
  epsilonSchedule: { name: 'smoothed-ramp', from: 1 / 70, length: 20 / 70, unit: 'run' },
} as const;

/** The options of {@link boundsShape} with the values of the short recipe. */
export const fastShape = {
  kappa: boundsShape.kappa.unwrap().default(0),
  initialization: boundsShape.initialization.unwrap().default('ibp'),
  regularization: boundsShape.regularization.unwrap().default(0.5),
};

/**
 * The short recipe of Shi et al. 2021 (https://arxiv.org/abs/2103.17268) for `ibp`, on MNIST: Adam
 * with rate 5e-4, weights drawn for bounds, their regulariser while epsilon grows, no clean loss at
 * the end; batches of 256 and 70 passes. They also cut gradients to a norm of 10, and train for 0.4
 * what they certify at 0.3.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { ibpTrainer } from '@advrob/certification';
 * import { fit } from '@advrob/training';
 * await fit({ model, data, ...ibpTrainer(), threat: { norm: 'linf', epsilon: 0.1 }, epochs: 70 });
 * ```
 */
export const ibpTrainer = defineTrainer({
  name: 'ibp',
  summary: 'IBP with the initialisation, regulariser and schedules of Shi et al.',
  paper: 'Shi et al. 2021, Fast Certified Robust Training with Short Warmup, https://arxiv.org/abs/2103.17268',
  options: z.strictObject(fastShape),
  create: (options) => ({ objective: ibp(options), optimizer: adam(), ...fastRecipe }),
});
