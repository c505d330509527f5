import { AdvrobError } from '@advrob/core';

/** What is told of a shard at work; all of it is for people. */
export interface ShardProgress {
  /** Share that is done, 0 to 1. */
  readonly share: number;
}

/** A work as workers find it. */
export interface WorkCard {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
}

/** What an engine has of a work. */
export interface EngineStatus {
  /** Shards that it has in any state, all counted at one moment. */
  readonly held: number;
  /** Shards that nobody has taken. */
  readonly waiting: number;
  /** Shards that wait for their next attempt. */
  readonly delayed: number;
  readonly active: readonly ActiveShard[];
  readonly dead: readonly DeadShard[];
}

/** A shard at work. */
export interface ActiveShard {
  readonly shard: number;
  readonly worker: string;
  readonly share: number;
}

/** A shard that is not tried again. */
export interface DeadShard {
  readonly shard: number;
  readonly reason: string;
  readonly attempts: number;
  readonly worker: string;
}

/** A shard that one worker has for now. */
export interface Lease {
  readonly shard: number;
  /** From 1. */
  readonly attempt: number;
  /**
   * Aborted when the work is cancelled. That the lease is lost does not abort: the result is still
   * good.
   */
  readonly signal: AbortSignal;
  progress(progress: ShardProgress): void;
}

/** How a worker takes leases. */
export interface ServeOptions {
  /** No more leases are taken when it is aborted; the one that is held may end. */
  readonly signal: AbortSignal;
  /** Of the worker, for people. */
  readonly name: string;
  /** Milliseconds without a lease after which it looks for other works. */
  readonly idle: number;
}

/**
 * Hands out leases on shards: a queue that several machines reach. It may lose all it has, or hand a
 * shard out twice: what is done stands in the store, and nothing of a result comes from here.
 */
export interface EngineConnection {
  /** For messages; never holds a secret. */
  readonly name: string;
  /**
   * Says that a work is there, by which workers find it. Again, it changes nothing.
   *
   * @throws AdvrobError `ADVROB_QUEUE` when another connection has cancelled it since this one has
   *   announced it.
   */
  announce(card: WorkCard): Promise<void>;
  /** Works that were announced. */
  works(): Promise<readonly WorkCard[]>;
  /** Hands shards to workers. One that waits, is at work or is dead is not taken twice. */
  offer(work: string, shards: readonly number[]): Promise<void>;
  status(work: string): Promise<EngineStatus>;
  /** Offers dead shards again. Default: all. Gives how many. */
  retry(work: string, shards?: readonly number[]): Promise<number>;
  /** Takes a work back: nothing of it is left here, and leases on it are aborted. */
  cancel(work: string): Promise<void>;
  /**
   * Takes leases one after another, until the signal, until there was none for `idle`, or until the
   * work is cancelled. When `handle` rejects the shard is handed out again later; it is dead after
   * the last attempt, and at once for a {@link FatalShardError}.
   */
  serve(work: string, handle: (lease: Lease) => Promise<void>, options: ServeOptions): Promise<void>;
  close(): Promise<void>;
}

/** Times of an engine, which all that reach it should share. */
export interface EngineTimes {
  /** Milliseconds after which a lease ends that its worker does not renew. Default 30,000. */
  readonly lease?: number | undefined;
  /** Milliseconds before the second attempt; every further one waits twice as long. Default 5,000. */
  readonly backoff?: number | undefined;
  /** After so many attempts a shard is dead. Default 5. */
  readonly attempts?: number | undefined;
}

/** Times with their defaults. */
export function timesOf({ lease = 30_000, backoff = 5_000, attempts = 5 }: EngineTimes): {
  readonly lease: number;
  readonly backoff: number;
  readonly attempts: number;
} {
  return { lease, backoff, attempts };
}

/** A shard that no further attempt would help. */
export class FatalShardError extends Error {}

/** What `announce` throws. */
export function cancelledError(work: string): AdvrobError {
  return new AdvrobError(
    'ADVROB_QUEUE',
    `the work ${work} was cancelled with advrob cancel: what is finished is kept, and the same command goes on from there`,
  );
}
