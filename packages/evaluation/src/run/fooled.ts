import type { Norm } from '@advrob/core';
import type { BatchOutcome } from './outcome.js';
import { judgeBatch } from './judge.js';
import type { Plan } from './plan.js';

type Ball = { readonly norm: Norm; readonly epsilon: number };

/**
 * Whether a success of `earlier` counts against `later` too: an adversarial example of a smaller ball in the same norm lies in the larger one.
 */
export function covers(earlier: Ball, later: Ball): boolean {
  return earlier.norm === later.norm && earlier.epsilon <= later.epsilon;
}

/** The rows of a batch that run number `index` attacks: all, or those that nothing before has decided. */
export function rowsToAttack(plan: Plan, outcome: BatchOutcome, index: number): number[] {
  const { labels, predictions } = outcome.clean!;
  const all = labels.map((_, row) => row);
  if (plan.attackOn === 'all') return all;
  const fooled = new Set<number>();
  const { norm, epsilons } = plan.runs[index]!;
  const ball = { norm, epsilon: epsilons[0] ?? Infinity };
  const earlier = plan.judgements.filter(({ run }) => run < index);
  judgeBatch(earlier, outcome).attacks.forEach(({ rows, success }, i) => {
    if (covers(earlier[i]!, ball)) rows.forEach((row, place) => success[place] && fooled.add(row));
  });
  return all.filter((row) => labels[row] === predictions[row] && !fooled.has(row));
}
