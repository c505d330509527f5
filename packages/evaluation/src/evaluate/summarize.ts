import type { Json } from '@advrob/core';
import type { ModelResult } from '../record/model-result.js';
import { proportionOf, type Proportion } from '../statistics/proportion.js';
import { covers, isFooled, isRight, isRobust, judgeBatch, verdictsOf } from './judge.js';
import { minimalNorm } from './minimal-norm.js';
import type { AttackOutcome, BatchOutcome } from './outcome.js';
import type { Judgement, Plan } from './plan.js';
import { samplesOf } from './samples.js';
import { savedExamples } from './saved-examples.js';

type AttackResult = ModelResult['attacks'][number];

/** The numbers of an evaluation. */
export function summarize(
  plan: Plan,
  outcomes: readonly BatchOutcome[],
  about: Pick<ModelResult, 'modelHash'> & {
    /** Options of each run's attack. */
    readonly settings: readonly Json[];
    /** Of the certifiers' runs. */
    readonly certifierSettings: readonly Json[];
  },
): ModelResult {
  const { name, seed, batchSize, attackOn, runs, judgements } = plan;
  const judged = outcomes.map((outcome) => judgeBatch(judgements, outcome));
  return {
    name,
    modelHash: about.modelHash,
    seed,
    batchSize,
    attackOn,
    clean: shareOf(outcomes, ({ clean }, row) => isRight(clean!, row)),
    robust: shareOf(
      outcomes.map((outcome) => judgeBatch(verdictsOf(plan), outcome)),
      isRobust,
    ),
    attacks: unique(runs.map(({ label }) => label)).map((label) =>
      attackOf(plan, label, outcomes, judged, about.settings),
    ),
    worstCase: unique(judgements.map(({ norm }) => norm)).map((norm) => ({
      norm,
      points: unique(judgements.filter((judgement) => judgement.norm === norm).map(({ epsilon }) => epsilon))
        .sort((a, b) => a - b)
        .map((epsilon) => worstOf(judgements, norm, epsilon, judged)),
    })),
    ...plan.certifiers?.summarize(plan, outcomes, about.certifierSettings),
    samples: samplesOf(plan, outcomes),
  };
}

function attackOf(
  plan: Plan,
  label: string,
  outcomes: readonly BatchOutcome[],
  judged: readonly BatchOutcome[],
  settings: readonly Json[],
): AttackResult {
  const indices = plan.judgements.flatMap((judgement, i) => (judgement.label === label ? [i] : []));
  const first = plan.runs.findIndex((run) => run.label === label);
  const { entry, norm } = plan.runs[first]!;
  const minimal = minimalNorm(first, outcomes);
  const caveat = entry.attack.definition.caveat?.(entry.attack.options);
  return {
    label,
    attack: entry.attack.name,
    options: settings[first] as AttackResult['options'],
    norm,
    restarts: entry.restarts ?? 1,
    loss: entry.loss?.name ?? 'default',
    ...(caveat !== undefined && { caveat }),
    points: indices.map((index) => pointOf(plan, index, judged)),
    ...(minimal && { minimal }),
  };
}

function pointOf(plan: Plan, index: number, outcomes: readonly BatchOutcome[]): AttackResult['points'][number] {
  const run = plan.judgements[index]!;
  const own = outcomes.map(({ attacks }) => attacks[index]!);
  const attacked = sum(own.map(({ rows }) => rows.length));
  const counted = (other: Judgement, i: number): boolean =>
    i === index || (plan.attackOn === 'survivors' && i < index && covers(other, run));
  const indices = plan.judgements.flatMap((other, i) => (counted(other, i) ? [i] : []));
  const spared = sum(
    outcomes.map(
      (outcome) =>
        outcome.clean!.labels.filter((_, row) => plan.certifiers?.isSpared(plan, outcome, run.run, row)).length,
    ),
  );
  const saved = savedExamples(run, own, outcomes);
  const broken = notFinite(own);
  return {
    epsilon: run.epsilon,
    robust: withstanding(indices, outcomes),
    attacked,
    ...(spared > 0 && { certified: spared }),
    unconfirmed: sum(own.map(({ unconfirmed }) => unconfirmed)),
    meanQueries: attacked === 0 ? 0 : sum(own.flatMap(({ queries }) => queries)) / attacked,
    ...(broken && { notFinite: broken }),
    ...(saved && { saved }),
  };
}

/** Points whose scores hold NaN, and gradients that were not finite; undefined where there are none. */
function notFinite(own: readonly AttackOutcome[]): { points: number; gradients: number } | undefined {
  const points = sum(
    own.map(({ success, prediction }) => prediction.filter((label, i) => success[i] && label < 0).length),
  );
  const gradients = sum(own.map(({ brokenGradients = 0 }) => brokenGradients));
  return points + gradients === 0 ? undefined : { points, gradients };
}

function worstOf(
  runs: readonly Judgement[],
  norm: Judgement['norm'],
  epsilon: number,
  outcomes: readonly BatchOutcome[],
): ModelResult['worstCase'][number]['points'][number] {
  const indices = runs.flatMap((run, i) => (run.norm === norm && run.epsilon <= epsilon ? [i] : []));
  return {
    epsilon,
    robust: withstanding(indices, outcomes),
    attacks: unique(indices.map((i) => runs[i]!.label)),
  };
}

/** Share of the examples that are classified rightly and withstand the runs at `indices`. */
function withstanding(indices: readonly number[], outcomes: readonly BatchOutcome[]): Proportion {
  return shareOf(
    outcomes,
    ({ clean, attacks }, row) => isRight(clean!, row) && indices.every((i) => !isFooled(attacks[i]!, row)),
  );
}

function shareOf(
  outcomes: readonly BatchOutcome[],
  holds: (outcome: BatchOutcome, row: number) => boolean,
): Proportion {
  const counts = outcomes.map((outcome) => outcome.clean!.labels.filter((_, row) => holds(outcome, row)).length);
  return proportionOf(sum(counts), sum(outcomes.map(({ clean }) => clean!.labels.length)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
