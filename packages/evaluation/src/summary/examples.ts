import type { ExampleRecord } from '../record/example.js';
import type { AttackOutcome, BatchOutcome, CleanOutcome } from '../run/outcome.js';
import type { Plan, Run } from '../run/plan.js';

/** Whether a row was classified rightly and withstood everything. */
export function isRobust({ clean, attacks }: BatchOutcome, row: number): boolean {
  return isRight(clean!, row) && attacks.every((attack) => !isFooled(attack, row));
}

/** Whether the clean prediction is the label. */
export function isRight({ labels, predictions }: CleanOutcome, row: number): boolean {
  return labels[row] === predictions[row];
}

/** Whether the attack was run on this row and fooled the model. */
export function isFooled({ rows, success }: AttackOutcome, row: number): boolean {
  const place = placeOf(rows, row);
  return place >= 0 && success[place] === 1;
}

/** One record per example, in data-set order. */
export function examplesOf(plan: Plan, outcomes: readonly BatchOutcome[]): ExampleRecord[] {
  return outcomes.flatMap((outcome) => outcome.clean!.labels.map((_, row) => exampleOf(plan.runs, outcome, row)));
}

function exampleOf(runs: readonly Run[], outcome: BatchOutcome, row: number): ExampleRecord {
  const clean = outcome.clean!;
  const cleanCorrect = isRight(clean, row);
  const attacks = outcome.attacks.flatMap((attack, i) => underAttack(runs[i]!, attack, row));
  const first = cleanCorrect ? attacks.findIndex(({ success }) => success) : -1;
  const tried = !cleanCorrect ? [] : first < 0 ? attacks : attacks.slice(0, first + 1);
  return {
    index: clean.ids[row]!,
    label: clean.labels[row]!,
    cleanPrediction: clean.predictions[row]!,
    cleanCorrect,
    robust: cleanCorrect && first < 0,
    success: !cleanCorrect || first >= 0,
    fooledBy: cleanCorrect ? (attacks[first]?.fooledBy ?? null) : 'clean',
    distance: attacks[first]?.distance ?? 0,
    queries: tried.reduce((sum, { queries }) => sum + queries, 0),
    attacks,
  };
}

function underAttack(run: Run, outcome: AttackOutcome, row: number): ExampleRecord['attacks'] {
  const place = placeOf(outcome.rows, row);
  if (place < 0) return [];
  return [
    {
      attack: run.label,
      norm: run.norm,
      epsilon: run.epsilon,
      success: outcome.success[place] === 1,
      fooledBy: outcome.fooledBy[place]!,
      prediction: outcome.prediction[place]!,
      distance: outcome.distance[place]!,
      queries: outcome.queries[place]!,
    },
  ];
}

/** Where a row stands among ascending rows, or -1. */
function placeOf(rows: readonly number[], row: number): number {
  return rows[row] === row ? row : rows.indexOf(row);
}
