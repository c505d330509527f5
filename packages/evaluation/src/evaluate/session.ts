import { hashModel } from '@advrob/core/identity';
import { checkHash, type Fingerprint } from '../journal/fingerprint.js';
import { notKept, openJournal } from '../journal/journal.js';
import { createTracker, expectedOf, type Tracker } from '../progress.js';
import { adversarialName, readAdversarial } from '../record/adversarial.js';
import { continuationOf, fingerprintOf } from './continuation.js';
import { forgetStale, standingOf } from './judge.js';
import type { EvaluateOptions } from './options.js';
import {
  emptyOutcome,
  isComplete,
  journalLine,
  journalName,
  restoreOutcomes,
  runOf,
  setOutcome,
  type BatchOutcome,
  type JournalLine,
} from './outcome.js';
import { planOf, type Plan } from './plan.js';
import { countBatches } from './work.js';

/** An evaluation between its start and its summary. */
export interface Session {
  readonly options: EvaluateOptions;
  readonly plan: Plan;
  /** Of the model, null where it has none. */
  readonly modelHash: string | null;
  /** What all that computes for it must share; undefined where nothing is kept. */
  readonly fingerprint: Fingerprint | undefined;
  /** By their places, one for each batch that was asked for. */
  readonly outcomes: BatchOutcome[];
  /** Places of the batches that were asked for and are not complete, ascending. */
  readonly missing: readonly number[];
  readonly tracker: Tracker;
  /** Keeps a finished piece. May be called while another call has not ended. */
  readonly keep: (line: JournalLine) => Promise<void>;
}

interface SessionOptions {
  /** Places in the grid of batches, ascending. Default: all. */
  readonly places?: readonly number[] | undefined;
  /** How many pieces are at work at a time. */
  readonly hands?: number | undefined;
}

/**
 * Checks the parts of an evaluation and takes up what earlier sessions have finished.
 *
 * @throws AdvrobError as `evaluate` does before any work.
 */
export async function openSession(options: EvaluateOptions, { places, hands }: SessionOptions = {}): Promise<Session> {
  const { model, data, storage } = options;
  const plan = planOf(options);
  await plan.certifiers?.check(plan.certificates, model);
  const modelHash = options.modelHash ?? (await hashModel(model)) ?? null;
  if (storage) checkHash(modelHash);
  const fingerprint = storage && (await fingerprintOf(plan, options));
  const journal =
    storage && fingerprint
      ? await openJournal(storage, {
          name: journalName,
          schema: journalLine,
          fingerprint,
          continuation: (found, expected) => continuationOf(found, expected, plan),
        })
      : notKept<JournalLine>();
  const pieces = await soundPieces(options, plan, journal.lines);
  const outcomes = restoreOutcomes(pieces, plan.runs.length);
  for (const outcome of outcomes) if (outcome !== undefined) forgetStale(plan, outcome);
  const isKept = (line: JournalLine): boolean => line.type !== 'attack' || line.run in outcomes[line.batch]!.attacks;
  const wanted = places ?? Array.from({ length: countBatches(data, plan.batchSize) }, (_, index) => index);
  const sizeOf = (index: number): number => Math.min(plan.batchSize, data.length - index * plan.batchSize);
  const isDone = (index: number): boolean => isComplete(outcomes[index], plan);
  const { standing, add } = standingOf(plan);
  for (const index of wanted)
    if (isDone(index)) add(outcomes[index]!);
    else outcomes[index] ??= emptyOutcome();
  const isWanted = new Set(wanted);
  const tracker = createTracker({
    runs: plan.runs.map((run) => ({ ...run, expected: expectedOf(run.entry.attack, run.entry.restarts, run.norm) })),
    certificates: plan.certificates,
    total: wanted.reduce((sum, index) => sum + sizeOf(index), 0),
    hands,
    earlier: pieces
      .filter((line) => isWanted.has(line.batch) && isKept(line))
      .map((line) => ({ run: runOf(line), examples: sizeOf(line.batch), seconds: line.seconds })),
    standing: () => ({ done: standing.done, robust: standing.robust }),
    report: options.onProgress,
  });
  let last = Promise.resolve();
  return {
    options,
    plan,
    modelHash,
    fingerprint,
    outcomes,
    missing: wanted.filter((index) => !isDone(index)),
    tracker,
    keep(line) {
      const kept = last.then(async () => {
        await journal.add(line);
        setOutcome(outcomes[line.batch]!, line);
        if (line.type === 'certificate') forgetStale(plan, outcomes[line.batch]!);
        if (isDone(line.batch)) add(outcomes[line.batch]!);
        if (line.type !== 'clean') tracker.report(runOf(line));
      });
      last = kept.catch(() => undefined);
      return kept;
    },
  };
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
    if (line.type !== 'attack' || !line.outcome.saved?.places.length || storage === undefined) continue;
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
