import { defineAttack } from '@advrob/core/attack';
import * as z from 'zod';
import { nearestBoundary, wantedBoundary } from './boundary.js';
import { fabOptions, walk } from './walk.js';

/**
 * FAB: looks for the smallest perturbation by walking along the decision boundary, with one
 * gradient per class and step; `fab-t` needs one per step. `run` reports the closest point under
 * `closest` even outside of epsilon.
 *
 * @example
 * ```ts
 * const { closest } = await fab().run(model, x, y, { norm: 'l2', epsilon: Infinity });
 * ```
 */
export const fab = defineAttack({
  name: 'fab',
  summary: 'Fast adaptive boundary attack: the smallest perturbation, along the nearest decision boundary.',
  paper:
    'Croce and Hein 2020, Minimally distorted adversarial examples with a fast adaptive boundary attack, https://arxiv.org/abs/1907.02044',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'minimal',
  loss: null,
  options: z.strictObject(fabOptions),
  async perturb(scope, options) {
    await walk(scope, scope.target ? wantedBoundary : nearestBoundary, options);
  },
});
