import { describeValue } from '@advrob/core/identity';
import type { Attack, Json } from '@advrob/core';
import type { EvaluationTiming } from '../progress.js';
import { writePieces } from '../journal/journal.js';
import { examplesName, serializeExamples, type ExampleRecord } from '../record/example.js';
import type { ModelResult } from '../record/model-result.js';
import { keptTensors } from './check-plugins.js';
import { examplesOf } from './examples.js';
import type { EvaluateOptions } from './options.js';
import { planOf, type Plan } from './plan.js';
import { openSession, type Session } from './session.js';
import { summarize } from './summarize.js';
import { evaluateBatches } from './work.js';

/** What an evaluation found. */
export interface Evaluation {
  /** Everything about the model that a record holds: plain JSON, equal for equal settings. */
  readonly result: ModelResult;
  /**
   * One entry per example, in data-set order; made when it is first asked for, about 1 kB each: of a
   * million examples read `examples.jsonl` by `readExamples`.
   */
  readonly examples: readonly ExampleRecord[];
  /** The label of each example, in data-set order. */
  readonly labels: Int32Array;
  /** Time spent over all sessions. */
  readonly timing: EvaluationTiming;
}

/**
 * Measures the clean accuracy of a model and its robust accuracy under attacks, per attack and in
 * the worst case, with Wilson 95% intervals. Clean errors count as not robust. With `storage`, a
 * run that was killed at any moment goes on where it stopped and ends with the same bits, and
 * `examples.jsonl` is written; a finished one that gets further attacks computes these alone. The
 * model, the data and their tensors stay the caller's.
 *
 * @throws AdvrobError `ADVROB_OPTION`, `ADVROB_NORM`, `ADVROB_SHAPE` or `ADVROB_BOUNDS` before any
 *   work when the parts do not fit; `ADVROB_EVALUATION_MISMATCH` when the storage holds an
 *   evaluation of another model, other data or settings; `ADVROB_ABORTED` on the signal.
 * @example
 * ```ts
 * import { evaluate } from '@advrob/evaluation';
 * const { result } = await evaluate({
 *   model,
 *   data: test.take(1000),
 *   attacks: [{ attack: pgd({ steps: 40 }), norm: 'linf', epsilon: [0.1, 0.2, 0.3] }],
 * });
 * result.clean.rate; // 0.98
 * result.attacks[0].points[2].robust.interval; // Wilson 95%
 * ```
 */
export function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  return evaluateBy(options, evaluateHere);
}

/** What is missing of some batches, one after another. */
export async function evaluateHere({ options, plan, tracker, outcomes, missing, keep }: Session): Promise<void> {
  const { watch, end } = keptTensors();
  const work = { options, plan, tracker, watch, keep };
  await evaluateBatches(work, missing, (index) => outcomes[index]!).finally(() => end());
}

/** An evaluation whose missing batches are computed by `compute`. */
export async function evaluateBy(
  options: EvaluateOptions,
  compute: (session: Session) => Promise<void>,
  hands = 1,
): Promise<Evaluation> {
  const session = await openSession(options, { hands });
  const { plan, outcomes, modelHash, tracker } = session;
  const settings = await settingsOf(plan);
  const certifierSettings = (await plan.certifiers?.describe(plan.certificates, describeValue)) ?? [];
  await compute(session);
  if (options.storage) await writePieces(options.storage, examplesName, serializeExamples(examplesOf(plan, outcomes)));
  let examples: readonly ExampleRecord[] | undefined;
  return {
    result: summarize(plan, outcomes, { modelHash, settings, certifierSettings }),
    get examples() {
      return (examples ??= [...examplesOf(plan, outcomes)]);
    },
    labels: Int32Array.from(outcomes.flatMap(({ clean }) => clean!.labels)),
    timing: tracker.timing(),
  };
}

/**
 * Whether the parts of an evaluation fit together, without doing it: to find a mistake before a
 * long training.
 *
 * @throws AdvrobError as {@link evaluate} does before any work.
 */
export function checkEvaluation(options: EvaluateOptions): void {
  planOf(options);
}

/** The options of each run's attack; entries with several radii are looked at once. */
async function settingsOf({ runs }: Plan): Promise<Json[]> {
  const known = new Map<Attack, Promise<Json>>();
  for (const { entry } of runs)
    if (!known.has(entry.attack)) known.set(entry.attack, describeValue(entry.attack.options));
  return Promise.all(runs.map(({ entry }) => known.get(entry.attack)!));
}
