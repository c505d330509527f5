import { defineAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

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
