import { defineAttack } from '@advrob/core/attack';
import { signOf } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

/**
 * Tries random corners of the ball and keeps the one of the highest loss. Replace this with your method: `perturb` sees all examples that are still to be fooled as one batch of rows.
 *
 * @example
 * ```ts
 * const { robustAccuracy } = await __identifier__({ tries: 50 }).run(model, x, y, { norm: 'linf', epsilon: 0.1 });
 * ```
 */
export const __identifier__ = defineAttack({
  name: '__name__',
  summary: 'The best of random corners of the ball.',
  // What it may know of the model: 'labels', 'scores' or 'gradients'; the model that arrives can do no more. With 'gradients',
  // `const { gradient, logits } = model.gradient(adv, lossOf)` is a pass, and `threat.steepestAscent(gradient)` the direction of its norm.
  knowledge: 'scores',
  norms: ['linf'],
  budget: 'fixed',
  options: z.strictObject({ tries: z.int().min(1).default(20).describe('forward passes') }),
  async perturb(scope, { tries }) {
    const start = { adv: scope.x, best: scope.lossOf(scope.model.logits(scope.x)) };
    const { adv } = await scope.iterate(start, tries, (state, { model, x, threat, rng, lossOf, offer }) => {
      const corner = signOf(rng.uniform('corner', x.shape.slice(1), -1, 1));
      const tried = threat.project(tf.add(x, tf.mul(threat.epsilon, corner)), x);
      const outputs = model.logits(tried);
      offer(tried, outputs); // it may be the winning point
      const loss = lossOf(outputs);
      const isBetter = tf.reshape(tf.greater(loss, state.best), [-1, ...x.shape.slice(1).map(() => 1)]);
      return { adv: tf.where(isBetter, tried, state.adv), best: tf.maximum(loss, state.best) };
    });
    return adv;
  },
});
