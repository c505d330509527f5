import type { Attack, AttackDefinition, AttackFactory, Knowledge } from '../contract/index.js';
import { factory } from '../define.js';
import { maximizeAttack } from './maximize.js';
import { runAttack } from './run.js';

/**
 * Defines an attack. The author writes `perturb`; the framework decides success, keeps winners,
 * drops and verifies.
 *
 * @example
 * ```ts
 * import { z } from 'zod';
 * import { defineAttack } from '@advrob/core/attack';
 *
 * export const noise = defineAttack({
 *   name: 'noise',
 *   summary: 'A random point of the ball.',
 *   knowledge: 'scores',
 *   norms: ['linf', 'l2', 'l1'],
 *   budget: 'fixed',
 *   options: z.strictObject({}),
 *   async perturb({ threat, x, rng }) {
 *     return threat.randomStart(x, rng);
 *   },
 * });
 * ```
 */
export function defineAttack<I, O, const K extends keyof Knowledge>(
  definition: AttackDefinition<I, O, K>,
): AttackFactory<I> {
  return factory('attack', definition, (options: O): Attack => {
    const attack: Attack = {
      name: definition.name,
      definition: definition as unknown as Attack['definition'],
      options,
      run: (model, x, y, threat, how) => runAttack(attack, model, x, y, threat, how),
      maximize: (model, x, y, threat, how) => maximizeAttack(attack, model, x, y, threat, how),
    };
    return attack;
  }) as unknown as AttackFactory<I>;
}
