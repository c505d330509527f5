import type { BatchOutcome } from './outcome.js';
import type { Plan, Run } from './plan.js';

/**
 * Whether a success of `earlier` counts against `later` too: an adversarial example of a smaller ball in the same norm lies in the larger one.
 */
export function covers(earlier: Run, later: Run): boolean {
  return earlier.norm === later.norm && earlier.epsilon <= later.epsilon;
}

/** The rows of a batch that run number `index` attacks: all, or those that nothing before has decided. */
export function rowsToAttack(plan: Plan, outcome: BatchOutcome, index: number): number[] {
  const { labels, predictions } = outcome.clean!;
  const all = labels.map((_, row) => row);
  if (plan.attackOn === 'all') return all;
  const fooled = new Set<number>();
  outcome.attacks.slice(0, index).forEach(({ rows, success }, earlier) => {
    if (!covers(plan.runs[earlier]!, plan.runs[index]!)) return;
    rows.forEach((row, i) => success[i] && fooled.add(row));
  });
  return all.filter((row) => labels[row] === predictions[row] && !fooled.has(row));
}
