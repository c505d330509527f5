import { defineAttack } from '@advrob/core/attack';
import { crossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';

/**
 * The inner loop of advbench's randomized smoothing, for comparison with it: sign steps against the mean probability of the label under fresh noise, each
 * added to the clean example instead of the last point, so that only the gradient of the last step counts. For inner maximisation alone.
 */
export const advbenchSmoothing = defineAttack({
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
      const moved = tf.add(rows.x, tf.mul(tf.sign(tf.addN(gradients)), stepSize));
      return { adv: rows.threat.project(moved, rows.x) };
    });
    return adv;
  },
});
