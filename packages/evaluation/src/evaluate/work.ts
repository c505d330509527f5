import { AdvrobError, stopIfAborted, type Batch, type Dataset } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { adversarialName } from '../record/adversarial.js';
import type { Tracker } from '../progress.js';
import { attackBatch, cleanBatch } from './batch.js';
import { checkBatch, type KeptTensors } from './check-plugins.js';
import { forgetStale, rowsToAttack } from './judge.js';
import type { EvaluateOptions } from './options.js';
import { certificatePiece, type BatchOutcome, type JournalLine } from './outcome.js';
import type { Plan } from './plan.js';

/** What the batches of an evaluation are computed with. */
export interface Work {
  readonly options: EvaluateOptions;
  readonly plan: Plan;
  readonly tracker: Pick<Tracker, 'begin'>;
  readonly watch: KeptTensors['watch'];
  /** Keeps a finished piece, and puts it into the outcome of its batch. */
  keep(line: JournalLine): Promise<void>;
}

/** How many batches there are in all. */
export function countBatches({ length }: Pick<Dataset, 'length'>, batchSize: number): number {
  return Math.ceil(length / batchSize);
}

/**
 * What is missing of the batches at these places of the grid, ascending. Whichever are asked for,
 * each is drawn as in a pass over all of them, so that it has the same bits.
 *
 * @param outcomeOf - What is there of a batch.
 */
export async function evaluateBatches(
  work: Work,
  places: readonly number[],
  outcomeOf: (index: number) => BatchOutcome,
): Promise<void> {
  const { data } = work.options;
  const size = work.plan.batchSize;
  for (let done = 0; done < places.length;) {
    const before = done;
    for await (const batch of data.batches({ size, from: places[done]! * size })) {
      const index = places[done]!;
      try {
        checkBatch(batch, data);
        checkRows(batch, data, index, size);
        await inTurn(() => evaluateBatch(work, batch, index, outcomeOf(index)));
      } finally {
        const own = [batch.x, batch.y, ...Object.values<tf.Tensor>(batch.extras)];
        for (const tensor of own) if (!tensor.isDisposed) tensor.dispose();
      }
      done++;
      if (places[done] !== index + 1) break;
    }
    if (done === before) throw shorter(data, places[done]! * size);
  }
}

/** @throws AdvrobError `ADVROB_DATASET` when examples would be counted at another place, or not at all. */
function checkRows({ ids }: Batch, data: Dataset, index: number, size: number): void {
  const rows = Math.min(size, data.length - index * size);
  if (ids.length !== rows) throw shorter(data, index * size + ids.length);
}

function shorter({ name, length }: Dataset, found: number): AdvrobError {
  return new AdvrobError('ADVROB_DATASET', `data set '${name}' says that it has ${length} examples and gave ${found}`);
}

let last: Promise<unknown> = Promise.resolve();

/** Evaluations side by side take turns, batch by batch: tfjs has one stack of scopes, in which attacks would mix. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work);
  last = turn.catch(() => undefined);
  return turn;
}

async function evaluateBatch(work: Work, batch: Batch, index: number, outcome: BatchOutcome): Promise<void> {
  const { options, plan, tracker, watch, keep: keepLine } = work;
  const { model, signal } = options;
  const position = index * plan.batchSize;
  const keep = Math.max(0, plan.samples - position);
  if (outcome.clean === undefined) {
    stopIfAborted(signal);
    const piece = tracker.begin(-1, batch.ids.length);
    const nothingKept = watch(-1, 'the model');
    const found = await cleanBatch(model, batch, position, keep);
    nothingKept();
    await keepLine({ type: 'clean', batch: index, seconds: piece.end(), outcome: found });
  }
  for (const [run, certificate] of plan.certificates.entries()) {
    if (outcome.certificates[run] !== undefined) continue;
    stopIfAborted(signal);
    const number = certificatePiece(run);
    const piece = tracker.begin(number, batch.ids.length);
    const nothingKept = watch(number, `certifier '${certificate.label}', or the model under it,`);
    const found = await plan.certifiers!.certify({
      model,
      batch,
      run: certificate,
      clean: outcome.clean!,
      seed: plan.seed,
      signal,
    });
    nothingKept();
    await keepLine({ type: 'certificate', batch: index, run, seconds: piece.end(), outcome: found });
    plan.certifiers!.checkAgreement(plan, outcome);
  }
  forgetStale(plan, outcome);
  for (let run = 0; run < plan.runs.length; run++) {
    if (outcome.attacks[run] !== undefined) continue;
    stopIfAborted(signal);
    const piece = tracker.begin(run, batch.ids.length);
    const nothingKept = watch(run, `attack '${plan.runs[run]!.label}', or the model under it,`);
    const shared = { batch, run: plan.runs[run]!, rows: rowsToAttack(plan, outcome, run) };
    const found = await attackBatch({
      model,
      ...shared,
      seed: plan.seed,
      position,
      keep,
      save: plan.saveAdversarial
        ? { storage: options.storage!, name: adversarialName(plan.runs, run, index) }
        : undefined,
      signal,
      onProgress: piece.step,
      onResult: (x, result) => plan.certifiers?.checkAttack(plan, outcome, { ...shared, x, result }),
    });
    nothingKept();
    await keepLine({ type: 'attack', batch: index, run, seconds: piece.end(), outcome: found });
  }
}
