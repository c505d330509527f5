import type { ExampleRecord } from '../record/example.js';
import { isRight, judgeBatch, placeOf, verdictsOf } from './judge.js';
import type { AttackOutcome, BatchOutcome } from './outcome.js';
import type { Judgement, Plan, Run } from './plan.js';

type MinimalDistance = NonNullable<ExampleRecord['minimal']>[number];

/** One record per example, in data-set order. */
export function* examplesOf(plan: Plan, outcomes: readonly BatchOutcome[]): Generator<ExampleRecord> {
  for (const outcome of outcomes) {
    const judged = judgeBatch(verdictsOf(plan), outcome);
    for (let row = 0; row < outcome.clean!.labels.length; row++) yield exampleOf(plan, outcome, judged, row);
  }
}

function exampleOf(plan: Plan, outcome: BatchOutcome, judged: BatchOutcome, row: number): ExampleRecord {
  const { runs } = plan;
  const judgements = verdictsOf(plan);
  const clean = outcome.clean!;
  const cleanCorrect = isRight(clean, row);
  const verdicts = judged.attacks.flatMap((attack, i) => {
    const judgement = judgements[i]!;
    const isSpared = plan.certifiers?.isSpared(plan, outcome, judgement.run, row) === true;
    return underAttack(judgement, attack, row, isSpared ? clean.predictions[row]! : undefined).map((verdict) => ({
      verdict,
      run: judgement.run,
    }));
  });
  const attacks = verdicts.map(({ verdict }) => verdict);
  const certificates = plan.certifiers?.ofExample(plan, outcome, row, attacks);
  const first = cleanCorrect ? attacks.findIndex(({ success }) => success) : -1;
  const tried = !cleanCorrect ? [] : first < 0 ? verdicts : verdicts.slice(0, first + 1);
  // A run that is judged at several radii made its queries once.
  const queriesOfRun = new Map(tried.map(({ run, verdict }) => [run, verdict.queries]));
  return {
    index: clean.ids[row]!,
    label: clean.labels[row]!,
    cleanPrediction: clean.predictions[row]!,
    cleanCorrect,
    robust: cleanCorrect && first < 0,
    success: !cleanCorrect || first >= 0,
    fooledBy: cleanCorrect ? (attacks[first]?.fooledBy ?? null) : 'clean',
    distance: attacks[first]?.distance ?? 0,
    queries: [...queriesOfRun.values()].reduce((sum, queries) => sum + queries, 0),
    // JSON has no infinite epsilon: the distance says it all.
    attacks: attacks.filter(({ epsilon }) => epsilon < Infinity),
    ...(runs.some(isMinimal) && {
      minimal: outcome.attacks.flatMap((attack, i) => closestOf(runs[i]!, attack, row)),
    }),
    ...(certificates && { certificates }),
  };
}

function closestOf(run: Run, { rows, closest, queries }: AttackOutcome, row: number): MinimalDistance[] {
  const place = placeOf(rows, row);
  if (closest === undefined || place < 0) return [];
  return [{ attack: run.label, norm: run.norm, distance: closest[place]!, queries: queries[place]! }];
}

function isMinimal({ entry }: Run): boolean {
  return entry.attack.definition.budget === 'minimal';
}

/** `spared` is the class of an example that a certificate saved from the attack. */
function underAttack(
  { label, norm, epsilon }: Judgement,
  outcome: AttackOutcome,
  row: number,
  spared: number | undefined,
): ExampleRecord['attacks'] {
  const shared = { attack: label, norm, epsilon };
  if (spared !== undefined)
    return [
      { ...shared, success: false, fooledBy: null, prediction: spared, distance: 0, queries: 0, certified: true },
    ];
  const place = placeOf(outcome.rows, row);
  if (place < 0) return [];
  return [
    {
      ...shared,
      success: outcome.success[place] === 1,
      fooledBy: outcome.fooledBy[place]!,
      prediction: outcome.prediction[place]!,
      distance: outcome.distance[place]!,
      queries: outcome.queries[place]!,
    },
  ];
}
