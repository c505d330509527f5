import { stopIfAborted, type Attack, type Batch, type Json } from '@advrob/core';
import { describeValue, hashModel } from '@advrob/core/identity';
import * as tf from '@tensorflow/tfjs-core';
import { checkHash } from '../journal/fingerprint.js';
import { notKept, openJournal, type Journal } from '../journal/journal.js';
import { createTracker, expectedOf, type EvaluationTiming, type Tracker } from '../progress.js';
import { adversarialName, readAdversarial } from '../record/adversarial.js';
import { examplesName, serializeExamples, type ExampleRecord } from '../record/example.js';
import type { ModelResult } from '../record/model-result.js';
import { attackBatch, cleanBatch } from './batch.js';
import { continuationOf, fingerprintOf } from './continuation.js';
import { checkBatch, keptTensors, type KeptTensors } from './check-plugins.js';
import { examplesOf } from './examples.js';
import { rowsToAttack, standingOf } from './judge.js';
import type { EvaluateOptions } from './options.js';
import {
  isComplete,
  journalLine,
  journalName,
  restoreOutcomes,
  runOf,
  type BatchOutcome,
  type JournalLine,
} from './outcome.js';
import { planOf, type Plan } from './plan.js';
import { summarize } from './summarize.js';

/** What an evaluation found. */
export interface Evaluation {
  /** Everything about the model that a record holds: plain JSON, equal for equal settings. */
  readonly result: ModelResult;
  /** One entry per example, in data-set order. */
  readonly examples: readonly ExampleRecord[];
  /** Time spent over all sessions. */
  readonly timing: EvaluationTiming;
}

interface Session {
  readonly options: EvaluateOptions;
  readonly plan: Plan;
  readonly journal: Journal<JournalLine>;
  readonly outcomes: BatchOutcome[];
  readonly tracker: Tracker;
  readonly watch: KeptTensors['watch'];
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
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { model, data, storage } = options;
  const plan = planOf(options);
  const modelHash = options.modelHash ?? (await hashModel(model));
  if (storage) checkHash(modelHash);
  const settings = await settingsOf(plan);
  const journal = storage
    ? await openJournal(storage, {
        name: journalName,
        schema: journalLine,
        fingerprint: await fingerprintOf(plan, options),
        continuation: (found, expected) => continuationOf(found, expected, plan),
      })
    : notKept<JournalLine>();
  const pieces = await soundPieces(options, plan, journal.lines);
  const outcomes = restoreOutcomes(pieces, plan.runs.length);
  const tracker = createTracker({
    runs: plan.runs.map((run) => ({ ...run, expected: expectedOf(run.entry.attack, run.entry.restarts, run.norm) })),
    total: data.length,
    earlier: pieces.map((line) => ({
      run: runOf(line),
      examples: Math.min(plan.batchSize, data.length - line.batch * plan.batchSize),
      seconds: line.seconds,
    })),
    standing: standingOf(plan, outcomes),
    report: options.onProgress,
  });
  const kept = keptTensors();
  await evaluateBatches({ options, plan, journal, outcomes, tracker, watch: kept.watch }).finally(() => kept.end());
  const examples = examplesOf(plan, outcomes);
  await storage?.write(examplesName, serializeExamples(examples));
  return {
    result: summarize(plan, outcomes, { modelHash: modelHash ?? null, settings }),
    examples,
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

/**
 * What earlier sessions have finished, each piece once. An attack whose adversarial examples were
 * saved, and are damaged or gone, is made again.
 */
async function soundPieces(
  { storage }: EvaluateOptions,
  { runs }: Plan,
  lines: readonly JournalLine[],
): Promise<JournalLine[]> {
  const pieces = new Map<string, JournalLine>();
  for (const line of lines) pieces.set(`${line.batch}/${runOf(line)}`, line);
  for (const [piece, line] of pieces) {
    if (line.type === 'clean' || !line.outcome.saved?.places.length || storage === undefined) continue;
    const name = adversarialName(runs, line.run, line.batch);
    const isSound = await readAdversarial(storage, name).then(
      ({ labels }) => labels.length === line.outcome.saved?.places.length,
      () => false,
    );
    if (isSound) continue;
    storage.onDamage?.(name, 'it is damaged or gone; the attack is run again');
    pieces.delete(piece);
  }
  return [...pieces.values()];
}

async function evaluateBatches(session: Session): Promise<void> {
  const { plan, outcomes } = session;
  const { data } = session.options;
  const isDone = (outcome: BatchOutcome | undefined): boolean => isComplete(outcome, plan.runs.length);
  let index = outcomes.findIndex((outcome) => !isDone(outcome));
  if (index < 0) index = outcomes.length;
  if (index * plan.batchSize >= data.length) return;
  for await (const batch of data.batches({ size: plan.batchSize, from: index * plan.batchSize })) {
    try {
      checkBatch(batch, data);
      if (!isDone(outcomes[index])) await evaluateBatch(session, batch, index);
    } finally {
      const own = [batch.x, batch.y, ...Object.values<tf.Tensor>(batch.extras)];
      for (const tensor of own) if (!tensor.isDisposed) tensor.dispose();
    }
    index++;
  }
}

/** What is still missing of one batch. */
async function evaluateBatch(session: Session, batch: Batch, index: number): Promise<void> {
  const { options, plan, journal, outcomes, tracker, watch } = session;
  const { model, signal } = options;
  const position = index * plan.batchSize;
  const keep = Math.max(0, plan.samples - position);
  const outcome = (outcomes[index] ??= { attacks: [] });
  if (outcome.clean === undefined) {
    stopIfAborted(signal);
    const work = tracker.begin(-1, batch.ids.length);
    const nothingKept = watch(-1, 'the model');
    const found = await cleanBatch(model, batch, position, keep);
    nothingKept();
    await journal.add({ type: 'clean', batch: index, seconds: work.end(), outcome: found });
    outcome.clean = found;
  }
  for (let run = 0; run < plan.runs.length; run++) {
    if (outcome.attacks[run] !== undefined) continue;
    stopIfAborted(signal);
    const work = tracker.begin(run, batch.ids.length);
    const nothingKept = watch(run, `attack '${plan.runs[run]!.label}', or the model under it,`);
    const found = await attackBatch({
      model,
      batch,
      run: plan.runs[run]!,
      rows: rowsToAttack(plan, outcome, run),
      seed: plan.seed,
      position,
      keep,
      save: plan.saveAdversarial
        ? { storage: options.storage!, name: adversarialName(plan.runs, run, index) }
        : undefined,
      signal,
      onProgress: work.step,
    });
    nothingKept();
    await journal.add({ type: 'attack', batch: index, run, seconds: work.end(), outcome: found });
    outcome.attacks[run] = found;
    tracker.report(run);
  }
}
