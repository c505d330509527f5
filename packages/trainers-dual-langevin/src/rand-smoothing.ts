import { pgd } from '@advrob/attacks';
import { defineTrainer } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { crossEntropy } from '@advrob/core/losses';
import { signOf } from '@advrob/core/rows';
import { pgdAt, sgd, smoothadv } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { sgdFields } from './shared.js';

/**
 * `RandSmoothing` of advbench, i.e. SmoothAdv (Salman et al. 2019,
 * https://arxiv.org/abs/1906.04584) in an Linf ball, with the SGD of `gaussian-dale`: sigma 0.12 on
 * CIFAR-10, 0.5 on MNIST. As the method says, each step goes on from the last point, with the same
 * noise, and the loss sees the noise too (`smoothadv` of `@advrob/training`). With `advbenchCompat`
 * each step starts from the clean example under fresh noise, and the loss sees x' without noise.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { randSmoothingTrainer } from '@advrob/trainers-dual-langevin';
 * import { fit } from '@advrob/training';
 * const plan = randSmoothingTrainer({ sigma: 0.5, stepSize: 0.1 });
 * await fit({
 *   model, data, ...plan, threat: { norm: 'linf', epsilon: 0.3 }, learningRate: 0.01, epochs: 50,
 * });
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

/**
 * The inner loop of advbench's randomized smoothing, for comparison with it: sign steps against the
 * mean probability of the label under fresh noise, each added to the clean example instead of the
 * last point, so that only the gradient of the last step counts. For inner maximisation alone.
 */
const advbenchSmoothing = defineAttack({
  name: 'advbench-smoothing',
  summary: 'Sign steps under fresh noise, each from the clean example.',
  knowledge: 'gradients',
  norms: ['linf'],
  budget: 'fixed',
  random: true,
  options: z.strictObject({
    sigma: z.number().positive(),
    samples: z.int().min(1),
    steps: z.int().min(1),
    stepSize: z.number().positive(),
  }),
  async perturb(scope, { sigma, samples, steps, stepSize }) {
    const { adv } = await scope.iterate({ adv: scope.x }, steps, ({ adv }, rows) => {
      // The sign of the gradient of -log(mean p) is that of the sum of the gradients of -p.
      const missing = (logits: Tensor): Tensor => tf.neg(tf.exp(tf.neg(crossEntropy(logits, rows.y))));
      const gradients = Array.from({ length: samples }, (_, sample) => {
        const noise = tf.mul(rows.rng.normal(`smoothing ${sample}`, adv.shape.slice(1)), sigma);
        return rows.model.gradient(tf.add(adv, noise), missing).gradient;
      });
      const moved = tf.add(rows.x, tf.mul(signOf(tf.addN(gradients)), stepSize));
      return { adv: rows.threat.project(moved, rows.x) };
    });
    return adv;
  },
});
