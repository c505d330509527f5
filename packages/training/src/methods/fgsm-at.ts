import { defineObjective, defineTrainer } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { sgd } from '../parts/sgd.js';
import { sgdShape } from './shared.js';

const fgsmAtOptions = z.strictObject({
  start: z.enum(['uniform', 'zero']).default('uniform').describe('a random point of the ball, or the clean example'),
  stepSize: z
    .number()
    .positive()
    .optional()
    .describe('length of the step in units of epsilon; default 1.25 from a random start, else 1'),
});

/**
 * Fast adversarial training (Wong, Rice, Kolter 2020, https://arxiv.org/abs/2001.03994, algorithm
 * 3): cross-entropy of examples found by one step of 1.25 epsilon from a uniform random start; with
 * `start: 'zero'` training on FGSM (Goodfellow et al. 2015, https://arxiv.org/abs/1412.6572). It
 * brings its own attack and needs only a threat. One step can be learned by heart ("catastrophic
 * overfitting"): measure with PGD. The official code attacks in train mode: `attackMode: 'train'`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fgsmAt, fit } from '@advrob/training';
 * await fit({
 *   model, data, objective: fgsmAt(), threat: { norm: 'linf', epsilon: 0.3 }, epochs: 5,
 * });
 * ```
 */
export const fgsmAt = defineObjective({
  name: 'fgsm-at',
  summary: 'Fast adversarial training: one step from a random start.',
  paper: 'Wong, Rice, Kolter 2020, Fast is better than free, https://arxiv.org/abs/2001.03994',
  options: fgsmAtOptions,
  create({ start, stepSize = start === 'uniform' ? 1.25 : 1 }) {
    const attack = fastStep({ start, stepSize });
    return {
      prepare: async (batch, { maximize }) => ({ x: await maximize(batch, { attack }), y: batch.y }),
      loss: ({ x, y }, model, how) => ({ total: meanCrossEntropy(model.logits(x, how), y) }),
    };
  },
});

/**
 * Fast adversarial training with the SGD of Wong, Rice, Kolter 2020
 * (https://arxiv.org/abs/2001.03994): momentum 0.9, weight decay 5e-4; a learning rate that rises
 * to 0.2 and falls once.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, fgsmAtTrainer } from '@advrob/training';
 * await fit({
 *   model, data, ...fgsmAtTrainer(), threat: { norm: 'linf', epsilon: 8 / 255 }, epochs: 15,
 * });
 * ```
 */
export const fgsmAtTrainer = defineTrainer({
  name: 'fgsm-at',
  summary: 'Fast adversarial training with the SGD of its paper.',
  paper: 'Wong, Rice, Kolter 2020, Fast is better than free, https://arxiv.org/abs/2001.03994',
  options: z.strictObject({ ...fgsmAtOptions.shape, ...sgdShape(5e-4) }),
  create: ({ momentum, weightDecay, ...own }) => ({
    objective: fgsmAt(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.2,
    schedule: { name: 'cyclic', up: 0.4, down: 0.6, unit: 'run' },
  }),
});

/** One step of steepest ascent, from the example or from a random point of the ball. */
export const fastStep = defineAttack({
  name: 'fast-step',
  summary: 'One step of steepest ascent.',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'fixed',
  options: z.strictObject({ start: z.enum(['uniform', 'zero']), stepSize: z.number().positive() }),
  async perturb({ x, rng, threat, model, lossOf }, { start, stepSize }) {
    const from = start === 'uniform' ? threat.randomStart(x, rng) : x;
    const { gradient } = model.gradient(from, lossOf);
    return threat.project(tf.add(from, tf.mul(threat.steepestAscent(gradient), stepSize * threat.epsilon)), x);
  },
});
