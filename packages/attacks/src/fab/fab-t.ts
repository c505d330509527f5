import { defineAttack } from '@advrob/core/attack';
import * as z from 'zod';
import { likelyTargets } from '../shared/likely-targets.js';
import { targetBoundary, wantedBoundary } from './boundary.js';
import { fabOptions, walk } from './walk.js';

/**
 * FAB along the boundary between the label and one target class after the other, likeliest first;
 * any wrong class counts.
 *
 * @example
 * ```ts
 * const result = await fabT({ targets: 9 }).run(model, x, y, { norm: 'linf', epsilon: 8 / 255 });
 * ```
 */
export const fabT = defineAttack({
  name: 'fab-t',
  summary: 'Fast adaptive boundary attack along the boundaries to the likeliest other classes in turn.',
  paper:
    'Croce and Hein 2020, Minimally distorted adversarial examples with a fast adaptive boundary attack, https://arxiv.org/abs/1907.02044; targeted as in AutoAttack, https://arxiv.org/abs/2003.01690',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'minimal',
  loss: null,
  options: z.strictObject({
    ...fabOptions,
    targets: z.int().min(1).default(9).describe('target classes tried; at most the number of other classes'),
  }),
  async perturb(scope, { targets, ...walking }) {
    if (scope.target) return walk(scope, wantedBoundary, walking);
    for (const target of likelyTargets(scope, targets))
      await scope.tidy(() => walk(scope.expand({ targets: target }), targetBoundary, walking));
  },
});
