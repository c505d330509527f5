import { AdvrobError } from '@advrob/core';
import { cpus } from 'node:os';
import { pause, stopOnOurs } from './coordinate.js';
import { FatalShardError, type EngineConnection, type Lease, type ShardProgress, type WorkCard } from './engine.js';
import { decodeShard, encodeShard, fileName, shardName, type Shard, type ShardContent } from './shard.js';
import type { ArtefactStore } from './store.js';
import { readWork, type Work } from './work.js';

/** Computes shards of one work. */
export interface OpenRunner {
  /**
   * @throws FatalShardError for what no further attempt would help; anything else is tried again. On
   *   the signal it ends soon.
   */
  run(
    index: number,
    options: { readonly signal: AbortSignal; onProgress(progress: ShardProgress): void },
  ): Promise<ShardContent>;
  /** Ends what it has started. */
  close(): void;
}

/** What a worker is. */
export interface WorkerOptions {
  readonly engine: EngineConnection;
  readonly store: ArtefactStore;
  /**
   * Makes ready to compute a work.
   *
   * @throws AdvrobError `ADVROB_CONTRACT` when this worker would give other bits, `ADVROB_WORK` when it
   *   cannot be computed here.
   */
  open(work: Work, store: ArtefactStore): Promise<OpenRunner>;
  /** For people, such as host and process. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** The only work that it computes. Default: whichever is announced. */
  readonly work?: string | undefined;
  /** Whether it ends when there is nothing to do. */
  readonly once?: boolean | undefined;
  /** Milliseconds without a lease after which it looks for other works. Default 5000. */
  readonly idle?: number | undefined;
  /** Milliseconds for which a store that is away is asked again. Default 10 minutes. */
  readonly patience?: number | undefined;
  onEvent?: ((event: WorkerEvent) => void) | undefined;
}

/** What a worker tells. */
export interface WorkerEvent {
  readonly event: 'open' | 'begin' | 'published' | 'repeated' | 'found' | 'failed' | 'refused' | 'away';
  readonly work?: string;
  readonly shard?: number;
  readonly attempt?: number;
  readonly seconds?: number;
  readonly message?: string;
}

/**
 * Works on what is announced until the signal: takes leases, computes, publishes to the store, and
 * only then ends the lease, so that a kill at any moment loses nothing but time. A shard that is in
 * the store is not computed; one that another worker has published meanwhile is compared.
 *
 * @throws AdvrobError `ADVROB_CONTRACT` or `ADVROB_WORK` of the last work that was refused, when none
 *   is left that fits: before any lease was taken on it.
 */
export async function workOn(given: WorkerOptions): Promise<void> {
  const options = { ...given, store: patientStore(given) };
  const { engine, store, signal, once = false, idle = 5000, onEvent } = options;
  const refused = new Map<string, AdvrobError>();
  let current: { readonly id: string; readonly work: Work; readonly runner: OpenRunner } | undefined;
  try {
    while (!signal.aborted) {
      const cards = await worksOf(options);
      const fitting = cards?.filter(({ id }) => !refused.has(id)) ?? [];
      if (cards && cards.length > 0 && fitting.length === 0) throw [...refused.values()].at(-1)!;
      if (cards && fitting.length === 0 && once) return;
      if (fitting.length === 0) await pause(Math.min(idle, 1000), signal);
      for (const { id } of fitting) {
        if (signal.aborted) break;
        if (current?.id !== id) {
          current?.runner.close();
          current = undefined;
          try {
            const work = await readWork(store, id);
            current = { id, work, runner: await options.open(work, store) };
            onEvent?.({ event: 'open', work: id });
          } catch (error) {
            if (!(error instanceof AdvrobError)) throw error;
            refused.set(id, error);
            onEvent?.({ event: 'refused', work: id, message: error.message });
            continue;
          }
        }
        const opened = current;
        await engine.serve(id, (lease) => handle(options, opened, lease), { signal, name: options.name, idle });
      }
      const taken = fitting.filter(({ id }) => !refused.has(id));
      if (once && taken.length > 0) {
        const states = (await Promise.all(taken.map(({ id }) => engine.status(id))).catch(stopOnOurs)) ?? [];
        if (states.length > 0 && states.every(({ held, dead }) => held === dead.length)) return;
      }
    }
  } finally {
    current?.runner.close();
  }
}

/** Works that are announced; undefined while the engine is away. */
async function worksOf({ engine, work, onEvent }: WorkerOptions): Promise<readonly WorkCard[] | undefined> {
  try {
    const cards = await engine.works();
    return work === undefined ? cards : cards.filter(({ id }) => id === work);
  } catch (error) {
    if (error instanceof AdvrobError) throw error;
    onEvent?.({ event: 'away', message: (error as Error).message });
    return undefined;
  }
}

async function handle(
  options: WorkerOptions,
  { id: work, work: { shards }, runner }: { readonly id: string; readonly work: Work; readonly runner: OpenRunner },
  lease: Lease,
): Promise<void> {
  const { store, onEvent } = options;
  const { shard, attempt, signal } = lease;
  const tell = (event: WorkerEvent['event'], more: Partial<WorkerEvent> = {}): void =>
    onEvent?.({ event, work, shard, attempt, ...more });
  try {
    if (!Number.isSafeInteger(shard) || shard < 0 || shard >= shards)
      throw new FatalShardError(`expected a shard of 0 to ${shards - 1}, the queue says ${String(shard).slice(0, 40)}`);
    if (await published(store, work, shard)) return tell('found');
    tell('begin');
    const content = await runner.run(shard, { signal, onProgress: (progress) => lease.progress(progress) });
    const isFirst = await publish(options, work, shard, content);
    tell(isFirst ? 'published' : 'repeated', { seconds: content.seconds });
  } catch (error) {
    tell('failed', { message: (error as Error).message });
    throw error;
  }
}

/** The shard that is in the store; a damaged one is removed. */
async function published(store: ArtefactStore, work: string, index: number): Promise<Shard | undefined> {
  const name = shardName(work, index);
  const bytes = await store.get(name);
  if (bytes === undefined) return undefined;
  try {
    return decodeShard(bytes, work, index);
  } catch {
    await store.remove(name);
    return undefined;
  }
}

/**
 * Publishes a shard, its files first.
 *
 * @returns Whether it was the first; otherwise the one that is there has the same outcome.
 * @throws FatalShardError with `ADVROB_SHARD_CONFLICT` when it has another.
 */
async function publish(options: WorkerOptions, work: string, index: number, content: ShardContent): Promise<boolean> {
  const { store, name: worker } = options;
  const { body, outcome, seconds, counts, files = [] } = content;
  for (const { name, bytes } of files) {
    const place = fileName(work, name);
    if (await store.create(place, bytes)) continue;
    const there = await store.get(place);
    // Of a worker that was lost before it published the shard, perhaps.
    if (there && Buffer.compare(there, bytes) !== 0)
      throw conflictOf(index, work, `an earlier worker and ${worker} (${cpuName()})`, `the file ${name}`);
  }
  const about = {
    format: 'advrob-shard',
    version: 1,
    work,
    index,
    outcome,
    seconds,
    worker,
    cpu: cpuName(),
    counts,
  } as const;
  const bytes = encodeShard(about, body);
  for (;;) {
    if (await store.create(shardName(work, index), bytes)) return true;
    const other = await published(store, work, index);
    // It was damaged, and is gone.
    if (other === undefined) continue;
    if (other.header.outcome === outcome) return false;
    throw conflictOf(
      index,
      work,
      `${other.header.worker} (${other.header.cpu}) and of ${worker} (${cpuName()})`,
      firstDifference(other.body, body),
    );
  }
}

function conflictOf(index: number, work: string, who: string, where: string): FatalShardError {
  const conflict = new AdvrobError(
    'ADVROB_SHARD_CONFLICT',
    `shard ${index} of work ${work} has two results, of ${who}, which first differ in ${where}: ` +
      'something in it is not repeatable, such as an attack or a model that draws from Math.random, or one of the two machines computes wrongly',
  );
  return new FatalShardError(conflict.message, { cause: conflict });
}

function cpuName(): string {
  return cpus()[0]?.model ?? 'unknown';
}

/** The first line in which two bodies differ, times aside. */
function firstDifference(one: Uint8Array, other: Uint8Array): string {
  const [a, b] = [one, other].map((bytes) =>
    new TextDecoder()
      .decode(bytes)
      .split('\n')
      .map((line) => line.replace(/"(seconds|sha256)":("[^"]*"|[\d.e+-]+)/g, '')),
  );
  const place = a!.findIndex((line, i) => line !== b![i]);
  if (place < 0) return `line ${a!.length + 1}, which one of them lacks`;
  const [was, is] = [a![place]!, b![place] ?? ''];
  let at = 0;
  while (at < was.length && was[at] === is[at]) at++;
  const around = (text: string): string => text.slice(Math.max(0, at - 40), at + 20);
  return `line ${place + 1}: …${around(was)}… and …${around(is)}…`;
}

/** A store that may be away for a while: an attempt at a shard does not fail for that. */
function patientStore(options: WorkerOptions): ArtefactStore {
  const { store } = options;
  return {
    ...store,
    get: (name) => patiently(options, () => store.get(name)),
    create: (name, bytes) => patiently(options, () => store.create(name, bytes)),
    remove: (name) => patiently(options, () => store.remove(name)),
  };
}

async function patiently<T>(
  { store, signal, patience = 600_000, onEvent }: WorkerOptions,
  ask: () => Promise<T>,
): Promise<T> {
  const begunAt = performance.now();
  for (let wait = 200; ; wait = Math.min(2 * wait, 20_000)) {
    try {
      return await ask();
    } catch (error) {
      const isLate = performance.now() - begunAt + wait > patience;
      if (error instanceof AdvrobError || isLate || signal.aborted) throw error;
      onEvent?.({ event: 'away', message: `${store.name}: ${(error as Error).message}` });
      await pause(wait, signal);
    }
  }
}
