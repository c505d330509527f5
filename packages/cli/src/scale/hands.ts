import { AdvrobError, type Json } from '@advrob/core';
import type { EvaluationProgress } from '@advrob/evaluation';
import {
  adversarialName,
  parsePiece,
  runOf,
  type BatchReport,
  type BatchTask,
  type FinishedPiece,
  type Hands,
} from '@advrob/evaluation/shards';
import {
  contractHere,
  coordinate,
  fileName,
  writeWork,
  type ArtefactStore,
  type Contract,
  type CoordinatorState,
  type EngineConnection,
  type Shard,
  type Work,
} from '@advrob/scale';
import { join } from 'node:path';
import { clock, percent, progressLine, type ProgressLine } from '../output/progress.js';
import type { Output } from '../output/terminal.js';
import { writeAtomically } from '../storage/files.js';
import type { PlannedSubject } from './subject.js';

/** How an evaluation is computed elsewhere. */
export interface RemoteOptions {
  readonly engine: EngineConnection;
  readonly store: ArtefactStore;
  readonly planned: PlannedSubject;
  readonly title: string;
  /** Of the run. */
  readonly folder: string;
  /** Batches of a shard. Default: one, or as many as make 20,000 shards. */
  readonly shardSize?: number | undefined;
  readonly output: Pick<Output, 'line' | 'warn'>;
  readonly signal: AbortSignal;
}

/** More shards than that only make the queue busy. */
const mostShards = 20_000;

/** A batch that waits for its shard. */
interface Waiting {
  readonly task: BatchTask;
  readonly report: BatchReport;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Workers on other machines as the hands of an evaluation: plans the work, follows it, and keeps the
 * pieces of each shard as it appears in the store. `follow` shows progress over all workers.
 */
export function remoteHands(options: RemoteOptions): {
  readonly hands: Hands;
  follow(name: string, progress: ProgressLine): (state: EvaluationProgress) => void;
} {
  const { output, signal } = options;
  let state: CoordinatorState | undefined;
  let tell = (): void => undefined;
  const hands: Hands = {
    // A batch waits for nothing but its shard.
    count: Number.MAX_SAFE_INTEGER,
    async open(fingerprint, missing) {
      const { work, id } = await plan(options, fingerprint);
      let isFollowed = false;
      const waiting = new Map<number, Waiting>();
      const wanted = [...new Set(missing.map((place) => Math.floor(place / work.size)))];
      output.line(`work ${id}: ${wanted.length} of ${work.shards} shards are wanted`);
      const follow = (): Promise<void> =>
        coordinate({
          ...{ engine: options.engine, store: options.store, wanted, signal },
          card: { id, title: work.title, kind: work.kind },
          onShard: (index, shard) => keepShard(options, fingerprint, { id, work }, index, shard, waiting),
          onState(now) {
            state = now;
            tell();
          },
          onEvent: (message) => output.warn([message]),
        });
      const fail = (error: unknown): void => [...waiting.values()].forEach(({ reject }) => reject(error));
      return (_, task, report) => {
        // All that are missing are asked for in one turn of the event loop.
        if (waiting.size === 0 && !isFollowed) setImmediate(() => void follow().catch(fail));
        isFollowed = true;
        return new Promise((resolve, reject) => {
          waiting.set(task.place, { task, report, resolve, reject });
        });
      };
    },
  };
  return {
    hands,
    follow(name, progress) {
      progress.course.begin(`evaluation of ${name}`);
      const rate = createRate();
      let latest: EvaluationProgress | undefined;
      tell = () => {
        if (state === undefined) return;
        const now = state;
        const { perSecond, left } = rate(now);
        progress.update((columns) => remoteLine(name, now, latest, perSecond, progress.course.left(left), columns));
      };
      return (found) => {
        latest = found;
        tell();
      };
    },
  };
}

/** Puts the work into the store. */
async function plan(
  { planned, store, title, shardSize }: RemoteOptions,
  fingerprint: Json,
): Promise<{ work: Work; id: string }> {
  const { batchSize, data } = fingerprint as { readonly batchSize: number; readonly data: { readonly length: number } };
  const batches = Math.ceil(data.length / batchSize);
  const size = shardSize ?? Math.ceil(batches / mostShards);
  const work: Work = {
    ...{ format: 'advrob-work', version: 1, kind: 'evaluation', title: title.slice(0, 200) },
    ...{ subject: planned.subject, artefacts: planned.artefacts },
    contract: contractHere(fingerprint as Contract['identity']),
    ...{ shards: Math.ceil(batches / size), size },
  };
  await planned.upload(store);
  const id = await writeWork(store, work);
  return { work, id };
}

/** Keeps what a shard has of the batches that wait for it. */
async function keepShard(
  { store, folder }: RemoteOptions,
  fingerprint: Json,
  { id, work: { size } }: { readonly id: string; readonly work: Work },
  index: number,
  { body }: Shard,
  waiting: Map<number, Waiting>,
): Promise<void> {
  const { attacks, certifiers = [] } = fingerprint as unknown as {
    readonly attacks: readonly { readonly label: string }[];
    readonly certifiers?: readonly Json[];
  };
  const pieces = piecesIn(body);
  for (let place = index * size; place < (index + 1) * size; place++) {
    const batch = waiting.get(place);
    if (batch === undefined) continue;
    const done = new Set(batch.task.done().map(runOf));
    const own = pieces.filter((piece) => piece.batch === place);
    if (own.length !== 1 + certifiers.length + attacks.length || new Set(own.map(runOf)).size !== own.length)
      throw new AdvrobError(
        'ADVROB_SHARD',
        `shard ${index} of work ${id} lacks pieces of batch ${place}, or has others`,
      );
    for (const piece of own) {
      if (done.has(runOf(piece))) continue;
      if (piece.type === 'attack' && piece.outcome.saved?.places.length) {
        const name = adversarialName(attacks, piece.run, place);
        const bytes = await store.get(fileName(id, storedName(name)));
        if (bytes === undefined)
          throw new AdvrobError(
            'ADVROB_FILE_DAMAGED',
            `${store.name}: ${storedName(name)} of shard ${index} is not there: remove the shard, and it is computed again`,
          );
        await writeAtomically(join(folder, name), bytes);
      }
      await batch.report.keep(piece);
    }
    waiting.delete(place);
    batch.resolve();
  }
}

/** The name of a file of a run as a store takes it. */
export function storedName(name: string): string {
  return name.replaceAll('%', '.');
}

function piecesIn(body: Uint8Array): FinishedPiece[] {
  const lines = new TextDecoder().decode(body).split('\n');
  return lines.filter((line) => line !== '').map(parsePiece);
}

/** How fast shards are done, by what all workers do since this began to look. */
function createRate(): (state: CoordinatorState) => { perSecond: number; left: number | undefined } {
  let first: { readonly at: number; readonly done: number } | undefined;
  return ({ done, total, engine }) => {
    const parts = (engine?.active ?? []).reduce((sum, { share }) => sum + share, 0);
    const now = { at: performance.now(), done: done + parts };
    first ??= now;
    const perSecond = Math.max(0, (now.done - first.done) / ((now.at - first.at) / 1000));
    const isKnown = Number.isFinite(perSecond) && perSecond > 0;
    return isKnown ? { perSecond, left: Math.max(0, total - now.done) / perSecond } : { perSecond: 0, left: undefined };
  };
}

function remoteLine(
  name: string,
  { done, total, engine, away }: CoordinatorState,
  latest: EvaluationProgress | undefined,
  perSecond: number,
  left: Parameters<typeof progressLine>[0]['left'],
  columns: number,
): string {
  const { robust = { count: 0, total: 0 } } = latest ?? {};
  const workers = new Set(engine?.active.map(({ worker }) => worker)).size;
  const said = [
    ...(robust.total > 0 ? [`robust ${percent(robust.count / robust.total, 1)} of ${robust.total}`] : []),
    away > 0
      ? `queue or store away for ${clock(away)}, computing goes on`
      : `${workers} ${workers === 1 ? 'worker' : 'workers'}`,
    ...(perSecond > 0
      ? [`${perSecond < 1 ? `${(60 * perSecond).toFixed(1)} shards/min` : `${perSecond.toFixed(1)} shards/s`}`]
      : []),
    ...(engine && engine.delayed > 0 ? [`${engine.delayed} to retry`] : []),
    ...(engine && engine.dead.length > 0 ? [`${engine.dead.length} dead`] : []),
  ];
  return progressLine(
    { name, what: `${done}/${total} shards`, share: done / total, more: said.join('  '), left },
    columns,
  );
}
