import { AdvrobError, stopIfAborted, type Json, type Progress } from '@advrob/core';
import { identifyBackend } from '@advrob/core/identity';
import { checkIsSame } from '../journal/fingerprint.js';
import type { Tracker } from '../progress.js';
import { keptTensors } from './check-plugins.js';
import { fingerprintOf } from './continuation.js';
import { evaluateBy, evaluateHere, type Evaluation } from './evaluate.js';
import type { EvaluateOptions } from './options.js';
import { emptyOutcome, journalLine, restoreOutcomes, runOf, setOutcome, type JournalLine } from './outcome.js';
import { planOf } from './plan.js';
import { openSession, type Session } from './session.js';
import { countBatches, evaluateBatches } from './work.js';

/** One of `count` equal parts of an evaluation, from 0. */
export interface Share {
  readonly index: number;
  readonly count: number;
}

/** A finished piece of an evaluation: a line of its journal. */
export type FinishedPiece = JournalLine;

/**
 * The batches of a share: every `count`th from the `index`th on, so that data that are sorted by class are
 * shared out evenly.
 *
 * @param batches - How many there are in all.
 * @throws AdvrobError `ADVROB_OPTION` for a share that there is not.
 */
export function placesOf({ index, count }: Share, batches: number): number[] {
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(index) || count < 1 || index < 0 || index >= count)
    throw new AdvrobError('ADVROB_OPTION', `shard: expected i/n with 0 <= i < n, got ${index}/${count}`);
  const places: number[] = [];
  for (let place = index; place < batches; place += count) places.push(place);
  return places;
}

/**
 * Computes a part of an evaluation: whole batches of the grid of a single run, with the bits that
 * they have there. The storage then holds `evaluation.jsonl` with the lines of these batches, for
 * `mergeShards`; a shard that was killed goes on where it stopped.
 *
 * @param part - A share, or places in the grid, ascending.
 * @param hands - Who computes it, as in {@link evaluateElsewhere}. Default: this process.
 * @returns How many batches the part has, and how many there are in all.
 * @throws AdvrobError as `evaluate` does; `ADVROB_OPTION` without a storage, or for a part that there
 *   is not.
 * @example
 * ```ts
 * import { evaluateShard } from '@advrob/evaluation/shards';
 * await evaluateShard({ ...options, storage }, { index: 3, count: 16 });
 * ```
 */
export async function evaluateShard(
  options: EvaluateOptions,
  part: Share | readonly number[],
  hands?: Hands,
): Promise<{ readonly batches: number; readonly total: number }> {
  if (options.storage === undefined)
    throw new AdvrobError('ADVROB_OPTION', 'storage: a shard needs one, to be merged from');
  const { batchSize } = planOf(options);
  checkDeterministic();
  const total = countBatches(options.data, batchSize);
  const places = 'count' in part ? placesOf(part, total) : part;
  const wrong = places.find(
    (place, i) => !Number.isSafeInteger(place) || place < 0 || place >= total || place <= (places[i - 1] ?? -1),
  );
  if (wrong !== undefined)
    throw new AdvrobError(
      'ADVROB_OPTION',
      `batches of a shard: expected ascending places below ${total}, got ${wrong}`,
    );
  const session = await openSession(options, { places, hands: hands?.count });
  await (hands ? handOut(session, hands) : evaluateHere(session));
  return { batches: places.length, total };
}

/** @throws AdvrobError `ADVROB_OPTION` where the bits of a batch may depend on the batches before it. */
function checkDeterministic(): void {
  if (identifyBackend()['deterministic'] === false)
    throw new AdvrobError(
      'ADVROB_OPTION',
      'the backend was started with deterministic: false, so a batch may have other bits in a shard than in a single run: start it with deterministic: true',
    );
}

/**
 * Reads a finished piece that was kept or sent as JSON.
 *
 * @throws AdvrobError `ADVROB_FILE_DAMAGED` for what is none.
 */
export function parsePiece(text: string): FinishedPiece {
  try {
    return journalLine.parse(JSON.parse(text));
  } catch (cause) {
    throw new AdvrobError('ADVROB_FILE_DAMAGED', 'expected a finished piece of an evaluation as JSON', { cause });
  }
}

/** What is told of a batch while it is computed elsewhere. */
export interface BatchReport {
  /**
   * A piece begins: run `run` of the plan, -1 for the clean pass, on so many examples. Left out, its
   * time is what the line says.
   */
  begin(run: number, examples: number): void;
  step(progress: Progress): void;
  /** A piece is finished. It survives a kill from when this resolves. */
  keep(line: FinishedPiece): Promise<void>;
}

/** A batch to compute. */
export interface BatchTask {
  /** Its place in the grid. */
  readonly place: number;
  /** What is there of it now. */
  done(): readonly FinishedPiece[];
  readonly signal: AbortSignal;
}

/** Who computes batches: processes of one machine, say, each with {@link openBatches}. */
export interface Hands {
  /** How many batches are given out at a time. */
  readonly count: number;
  /**
   * Called when there is something to compute.
   *
   * @param fingerprint - What the hands and this evaluation must share, so that they give the same bits.
   * @param missing - Places of the batches that will be asked for, ascending.
   * @returns What computes what is missing of a batch; `hand` is 0 to `count` - 1.
   */
  open(
    fingerprint: Json,
    missing: readonly number[],
  ): Promise<(hand: number, task: BatchTask, report: BatchReport) => Promise<void>>;
}

/**
 * The same as `evaluate`, while others compute the batches: a hand that is free gets the next one.
 *
 * @throws AdvrobError as `evaluate` does, and the first error of a hand; the others are then stopped
 *   by their signal.
 */
export function evaluateElsewhere(options: EvaluateOptions, hands: Hands): Promise<Evaluation> {
  return evaluateBy(options, (session) => handOut(session, hands), hands.count);
}

async function handOut(session: Session, { count, open }: Hands): Promise<void> {
  const { options, fingerprint, missing } = session;
  if (missing.length === 0) return;
  stopIfAborted(options.signal);
  const compute = await open(fingerprint ?? (await fingerprintOf(session.plan, options)), missing);
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  let next = 0;
  const work = async (hand: number): Promise<void> => {
    while (next < missing.length && !signal.aborted)
      await handTo(session, compute.bind(undefined, hand), missing[next++]!, signal);
  };
  await Promise.all(
    Array.from({ length: Math.min(count, missing.length) }, (_, hand) =>
      work(hand).catch((error: unknown) => failed.abort(error)),
    ),
  );
  stopIfAborted(options.signal);
  if (failed.signal.aborted) throw failed.signal.reason;
}

async function handTo(
  { tracker, outcomes, keep, plan, options }: Session,
  compute: (task: BatchTask, report: BatchReport) => Promise<void>,
  place: number,
  signal: AbortSignal,
): Promise<void> {
  let piece: ReturnType<Tracker['begin']> | undefined;
  const done = (): FinishedPiece[] => {
    const { clean, certificates, attacks } = outcomes[place]!;
    const piece = { batch: place, seconds: 0 };
    return [
      ...(clean ? [{ type: 'clean' as const, ...piece, outcome: clean }] : []),
      ...certificates.flatMap((outcome, run) => ({ type: 'certificate' as const, ...piece, run, outcome })),
      ...attacks.flatMap((outcome, run) => ({ type: 'attack' as const, ...piece, run, outcome })),
    ];
  };
  await compute(
    { place, done, signal },
    {
      begin(run, examples) {
        // Of a hand that was lost in the middle of one.
        piece?.drop();
        piece = tracker.begin(run, examples);
      },
      step: (progress) => piece?.step(progress),
      async keep(line) {
        if (piece) piece.end();
        else tracker.add(runOf(line), sizeOf(options.data, plan.batchSize, place), line.seconds);
        piece = undefined;
        await keep(line);
      },
    },
  );
  piece?.drop();
}

function sizeOf({ length }: EvaluateOptions['data'], batchSize: number, place: number): number {
  return Math.min(batchSize, length - place * batchSize);
}

/** Batches of an evaluation, for {@link evaluateElsewhere} somewhere else. */
export interface OpenBatches {
  /** Computes what is missing of a batch of which `done` is there. */
  compute(place: number, done: readonly FinishedPiece[], report: BatchReport, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/**
 * Makes ready to compute batches of an evaluation one at a time. Its `storage` is used for adversarial
 * examples alone.
 *
 * @param fingerprint - What {@link evaluateElsewhere} told.
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` when the evaluation is another one here.
 */
export async function openBatches(options: EvaluateOptions, fingerprint: Json): Promise<OpenBatches> {
  const plan = planOf(options);
  checkDeterministic();
  checkIsSame(
    fingerprint,
    await fingerprintOf(plan, options),
    'the process that computes was told of another evaluation',
  );
  const { watch, end } = keptTensors();
  return {
    async compute(place, done, report, signal) {
      const [outcome = emptyOutcome()] = restoreOutcomes(
        done.map((line) => ({ ...line, batch: 0 })),
        plan.runs.length,
      );
      const begin: Tracker['begin'] = (run, examples) => {
        const startedAt = performance.now();
        report.begin(run, examples);
        return {
          step: (progress) => report.step(progress),
          end: () => (performance.now() - startedAt) / 1000,
          drop: () => undefined,
        };
      };
      await evaluateBatches(
        {
          options: { ...options, signal },
          plan,
          tracker: { begin },
          watch,
          async keep(line) {
            await report.keep(line);
            setOutcome(outcome, line);
          },
        },
        [place],
        () => outcome,
      );
    },
    close: end,
  };
}
