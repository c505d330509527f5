import { AdvrobError, stopIfAborted } from '@advrob/core';
import type { DeadShard, EngineConnection, EngineStatus, WorkCard } from './engine.js';
import { decodeShard, shardIndex, shardName, shardsPlace, type Shard } from './shard.js';
import type { ArtefactStore } from './store.js';

/** Where a work stands. */
export interface CoordinatorState {
  /** Shards that are done, of those that were wanted. */
  readonly done: number;
  readonly total: number;
  /** What the engine says; undefined while it does not answer. */
  readonly engine: EngineStatus | undefined;
  /** Seconds for which the engine, or the store, did not answer; 0 while both do. */
  readonly away: number;
}

/** How a work is seen through. */
export interface CoordinateOptions {
  readonly engine: EngineConnection;
  readonly store: ArtefactStore;
  readonly card: WorkCard;
  /** Indices of the shards that are wanted, ascending. */
  readonly wanted: readonly number[];
  /** Takes a finished shard; the next one is read when it resolves. */
  onShard(index: number, shard: Shard): Promise<void>;
  onState?: ((state: CoordinatorState) => void) | undefined;
  /** Told in a sentence what happened. */
  onEvent?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** At most so many shards are with the engine at a time. Default 1000. */
  readonly window?: number | undefined;
  /** Milliseconds between two looks. Default 1000. */
  readonly every?: number | undefined;
}

/**
 * Sees a work through: announces it, offers what is not in the store, and hands over every finished
 * shard as it appears there. It keeps no state: killed and started again, it goes on; two of them
 * beside each other are harmless. While the engine does not answer, the store is looked at all the
 * same. Shards that are dead do not stop the others.
 *
 * @throws AdvrobError `ADVROB_DEAD_SHARDS` naming those that failed, when all others are done;
 *   `ADVROB_SHARD_CONFLICT` when two workers found different results, which also takes the work
 *   back; `ADVROB_ABORTED` on the signal, which leaves it where it is.
 */
export async function coordinate(options: CoordinateOptions): Promise<void> {
  const { engine, card, wanted, signal, onState, every = 1000 } = options;
  const left = new Set(wanted);
  const offered = new Set<number>();
  let answeredAt = performance.now();
  while (left.size > 0) {
    stopIfAborted(signal);
    // The engine first: a shard that ends in between is then found in the store, not offered again.
    const status = await statusOf(engine, card).catch(stopOnOurs);
    const isListed = await takeNew(options, left, offered).catch(stopOnOurs);
    if (status && isListed) answeredAt = performance.now();
    const away = status && isListed ? 0 : (performance.now() - answeredAt) / 1000;
    onState?.({ done: wanted.length - left.size, total: wanted.length, engine: status, away });
    if (left.size === 0) break;
    if (status && isListed) {
      await stopOnConflict(options, status);
      refuseDead(card, status, left);
      await offerMissing(options, status, left, offered).catch(stopOnOurs);
    }
    await pause(every, signal);
  }
  // Nothing of a work that is done is needed; an engine that is away is asked when it is back by nobody.
  await engine.cancel(card.id).catch(() => undefined);
}

async function statusOf(engine: EngineConnection, card: WorkCard): Promise<EngineStatus> {
  await engine.announce(card);
  return engine.status(card.id);
}

/** What `onShard` threw: no engine or store is away, and trying again would not help. */
class TakingFailed extends Error {}

/** An engine or a store that is away comes back; what is wrong with a setting does not. */
export function stopOnOurs(error: unknown): undefined {
  if (error instanceof TakingFailed) throw error.cause;
  if (error instanceof AdvrobError) throw error;
  return undefined;
}

/** Hands over the shards that are in the store and were not before. */
async function takeNew(
  { store, card, onShard, onEvent, signal }: CoordinateOptions,
  left: Set<number>,
  offered: Set<number>,
): Promise<true> {
  const [first = 0] = left;
  const after = first > 0 ? shardName(card.id, first - 1) : undefined;
  for await (const name of store.list(shardsPlace(card.id), after)) {
    stopIfAborted(signal);
    const index = shardIndex(name);
    if (index === undefined || !left.has(index)) continue;
    const bytes = await store.get(name);
    if (bytes === undefined) continue;
    let shard: Shard;
    try {
      shard = decodeShard(bytes, card.id, index);
    } catch (error) {
      onEvent?.(`${(error as Error).message}: it is computed again`);
      await store.remove(name);
      offered.delete(index);
      continue;
    }
    await onShard(index, shard).catch((cause: unknown) => {
      throw new TakingFailed('a shard could not be taken', { cause });
    });
    left.delete(index);
    offered.delete(index);
  }
  return true;
}

/** Keeps at most `window` shards with the engine; one that has lost some is told them again. */
async function offerMissing(
  { engine, card, window = 1000, onEvent }: CoordinateOptions,
  { held }: EngineStatus,
  left: ReadonlySet<number>,
  offered: Set<number>,
): Promise<void> {
  if (held < offered.size) {
    if (held === 0) onEvent?.(`the queue was empty: ${offered.size} shards are offered again`);
    await engine.offer(card.id, [...offered]);
    return;
  }
  const next: number[] = [];
  for (const index of left) {
    if (offered.size + next.length >= window) break;
    if (!offered.has(index)) next.push(index);
  }
  if (next.length === 0) return;
  await engine.offer(card.id, next);
  for (const index of next) offered.add(index);
}

async function stopOnConflict({ engine, card }: CoordinateOptions, { dead }: EngineStatus): Promise<void> {
  const conflict = dead.find(({ reason }) => reason.includes('[ADVROB_SHARD_CONFLICT]'));
  if (conflict === undefined) return;
  await engine.cancel(card.id);
  throw new AdvrobError('ADVROB_SHARD_CONFLICT', conflict.reason.replace(/ \[ADVROB_SHARD_CONFLICT\]/, ''));
}

/** @throws AdvrobError `ADVROB_DEAD_SHARDS` when nothing but dead shards is left. */
function refuseDead({ id }: WorkCard, { dead }: EngineStatus, left: ReadonlySet<number>): void {
  const isDead = new Map(dead.map((one) => [one.shard, one]));
  if (![...left].every((index) => isDead.has(index))) return;
  const lines = [...left].slice(0, 20).map((index) => deadText(isDead.get(index)!));
  const more = left.size > 20 ? [`and ${left.size - 20} more`] : [];
  throw new AdvrobError(
    'ADVROB_DEAD_SHARDS',
    [
      `${left.size} shards failed at every attempt, all others are done and kept. advrob retry ${id} offers them again; then start the same command again`,
      ...lines,
      ...more,
    ].join('\n  '),
  );
}

/** A dead shard in a line. */
function deadText({ shard, reason, attempts, worker }: DeadShard): string {
  return `shard ${shard}: ${reason.split('\n')[0]} (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}, the last by ${worker})`;
}

/** Waits, but no longer than until the signal. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    if (signal?.aborted) done();
    else signal?.addEventListener('abort', done);
  });
}
