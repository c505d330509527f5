import type { Attack } from '../contract/index.js';
import { batchChecks } from './attack/batch-checks.js';
import { lifeChecks } from './attack/life-checks.js';
import { linearProblem } from './attack/linear-problem.js';
import { maximizeChecks } from './attack/maximize-checks.js';
import { outcomeChecks } from './attack/outcome-checks.js';
import {
  middlingEpsilon,
  watchMaximize,
  watchRun,
  type AttackCheck,
  type AttackContractOptions,
  type WatchedPoints,
  type WatchedRun,
} from './attack/situation.js';
import type { Check } from './check.js';

/**
 * Everything an attack must fulfil, in each of its norms, as checks that any test runner can call:
 * ball and bounds, truthful results, clean errors and failures, targets, models without gradients,
 * saturated models, seeds, independence of the batch, abort, errors, memory, `maximize`, and no
 * gradients for an attack that may not know them. The models are linear, so that the distance to
 * the nearest other class is known exactly; independence of the batch is also checked on a curved
 * one, where a momentum over the batch's length, for example, shows.
 *
 * @param attack The attack with the options to check; give it few steps, because it runs some
 *   hundred times on 12 small examples.
 * @example
 * ```ts
 * import '@advrob/core/gradients';
 * import { attackContract } from '@advrob/core/testing';
 * for (const { name, run } of attackContract(pgd({ steps: 10 }), { reach: 0.9 })) test(name, run);
 * ```
 */
export function attackContract(attack: Attack, options: AttackContractOptions = {}): readonly Check[] {
  const checks: Readonly<Record<string, AttackCheck>> = {
    ...outcomeChecks,
    ...batchChecks,
    ...lifeChecks,
    ...maximizeChecks,
  };
  return (options.norms ?? attack.definition.norms).flatMap((norm) => {
    let usual: Promise<WatchedRun> | undefined;
    let maximized: Promise<WatchedPoints> | undefined;
    return Object.entries(checks).map(([name, check]) => ({
      name: `${norm}: ${name}`,
      async run() {
        const problem = await linearProblem(options.inputShape ?? [4, 4, 2], 'inside');
        const plain = { attack, norm, epsilon: middlingEpsilon(norm, problem), problem, options };
        try {
          await check({
            ...plain,
            usual: () => (usual ??= watchRun(plain)),
            maximized: () => (maximized ??= watchMaximize(plain)),
          });
        } finally {
          problem.dispose();
        }
      },
    }));
  });
}
