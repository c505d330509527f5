import { AdvrobError } from '@advrob/core';
import type { BatchOutcome } from '../run/outcome.js';
import type { JournalLine } from './journal-lines.js';

/**
 * Finished work in the order in which it was done: each batch first clean, then under every run of the plan.
 *
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` when lines are missing or in another order, as after an edit by hand.
 */
export function restoreOutcomes(lines: readonly JournalLine[], runs: number): BatchOutcome[] {
  const outcomes: BatchOutcome[] = [];
  lines.forEach((line, place) => {
    const batch = Math.floor(place / (1 + runs));
    const run = (place % (1 + runs)) - 1;
    if (line.batch !== batch || (line.type === 'clean' ? run !== -1 : line.run !== run))
      throw new AdvrobError(
        'ADVROB_EVALUATION_MISMATCH',
        `the kept progress of this evaluation is damaged at entry ${place + 1}: remove 'evaluation.jsonl' to start over`,
      );
    if (line.type === 'clean') outcomes.push({ clean: line.outcome, attacks: [] });
    else outcomes[batch]!.attacks.push(line.outcome);
  });
  return outcomes;
}
