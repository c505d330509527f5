import { defineAttack } from '@advrob/core/attack';
import * as z from 'zod';

/** A random point of the ball: uniform for Linf and L2, clipped to the bounds. */
export const randomPoint = defineAttack({
  name: 'random-point',
  summary: 'A random point of the ball.',
  knowledge: 'labels',
  norms: ['linf', 'l2', 'l1', 'l0'],
  budget: 'fixed',
  options: z.strictObject({}),
  async perturb({ x, rng, threat }) {
    return threat.randomStart(x, rng);
  },
});
