import { AdvrobError } from '@advrob/core';
import {
  cancelledError,
  FatalShardError,
  parseCard,
  timesOf,
  type EngineConnection,
  type EngineStatus,
  type EngineTimes,
  type Lease,
  type ServeOptions,
} from '@advrob/scale';
import { Queue, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { setTimeout as wait } from 'node:timers/promises';
import { commandClient, patientClient, queueError, redisAddress, type RedisAddress } from './redis.js';

/** How a queue is reached. */
export interface BullmqOptions extends EngineTimes {
  /** `redis://` or `rediss://`; see `redisAddress`. */
  readonly url: string;
  /** Lets a queue on another machine have no password, or no TLS. Default false. */
  readonly insecure?: boolean | undefined;
  /** Milliseconds until a queue that does not answer is given up at the start. Default 10,000. */
  readonly patience?: number | undefined;
  /** Told in a sentence what may cost time. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Begins every key. */
const prefix = 'advrob';
/** The cards of all works, by id. */
const worksKey = `${prefix}:works`;
const cancelledKey = (work: string): string => `${prefix}:cancelled:${work}`;
/** Seconds for which it is known that a work was cancelled. */
const cancelledFor = 86_400;
/** A worker that was killed is usual; a shard that takes so many of them down is not. */
const mostStarts = 20;
/** Milliseconds between two words of a worker about its progress, and two looks whether it was cancelled. */
const every = 1000;

/**
 * Connects to a queue of BullMQ on Redis (6.2 or newer) or Valkey.
 *
 * @throws AdvrobError `ADVROB_QUEUE` when it does not answer, refuses, is not safe, or would lose
 *   shards: `maxmemory-policy` must be `noeviction`.
 * @example
 * ```ts
 * import { connectBullmq } from '@advrob/scale-bullmq';
 * const engine = await connectBullmq({ url: 'redis://localhost:6379' });
 * ```
 */
export async function connectBullmq(options: BullmqOptions): Promise<EngineConnection> {
  const address = redisAddress(options.url, process.env, options.insecure);
  const client = commandClient(address);
  try {
    await checkServer(client, address, options);
  } catch (error) {
    client.disconnect();
    throw error;
  }
  return connection(address, client, timesOf(options));
}

async function checkServer(
  client: Redis,
  address: RedisAddress,
  { patience = 10_000, onWarning }: BullmqOptions,
): Promise<void> {
  const info = await answerWithin(client, address, patience);
  const value = (key: string): string => new RegExp(`^${key}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
  const [major = 0, minor = 0] = value('redis_version').split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2))
    throw new AdvrobError(
      'ADVROB_QUEUE',
      `${address.name} is Redis ${value('redis_version')}: expected 6.2 or newer, or Valkey`,
    );
  const policy = value('maxmemory_policy');
  if (policy !== 'noeviction')
    throw new AdvrobError(
      'ADVROB_QUEUE',
      `${address.name} removes keys when its memory is full (maxmemory-policy ${policy}), so it would lose shards: set maxmemory-policy noeviction`,
    );
  if (value('aof_enabled') === '0')
    onWarning?.(
      `${address.name} keeps nothing on disk as it goes (appendonly no): when it is killed, waiting shards are offered again`,
    );
}

async function answerWithin(client: Redis, address: RedisAddress, patience: number): Promise<string> {
  let last = 'no answer';
  // Commands that wait for a connection do not hear why there is none.
  const refused = new Promise<never>((_, reject) => {
    client.on('error', (thrown: unknown) => {
      const error = queueError(thrown, address);
      last = error.message.replace(`${address.name}: `, '');
      if (error instanceof AdvrobError) reject(error);
    });
  });
  refused.catch(() => undefined);
  const late = new AbortController();
  const answer = async (): Promise<string> => {
    while (!late.signal.aborted) {
      const found = await client.info().catch((error: unknown) => queueError(error, address));
      if (typeof found === 'string') return found;
      if (found instanceof AdvrobError) throw found;
      await wait(200);
    }
    return '';
  };
  const tooLate = wait(patience, undefined, { signal: late.signal }).then(
    () => {
      throw new AdvrobError(
        'ADVROB_QUEUE',
        `${address.name} does not answer (${last}): is it running, and is this its address?`,
      );
    },
    () => '',
  );
  try {
    return await Promise.race([answer(), refused, tooLate]);
  } finally {
    late.abort();
  }
}

function connection(address: RedisAddress, client: Redis, times: ReturnType<typeof timesOf>): EngineConnection {
  const queues = new Map<string, Queue>();
  const announced = new Set<string>();
  const closing = new AbortController();
  const queueOf = (work: string): Queue => {
    const found = queues.get(work) ?? new Queue(work, { connection: client, prefix, skipVersionCheck: true });
    if (!queues.has(work)) found.on('error', () => undefined);
    queues.set(work, found);
    return found;
  };
  /** Says errors as they may be shown. */
  const asked = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      throw queueError(error, address);
    }
  };
  return {
    name: address.name,
    announce: (card) =>
      asked(async () => {
        if (announced.has(card.id)) {
          if ((await client.exists(cancelledKey(card.id))) > 0) throw cancelledError(card.id);
        } else await client.del(cancelledKey(card.id));
        await client.hsetnx(worksKey, card.id, JSON.stringify({ id: card.id, title: card.title, kind: card.kind }));
        announced.add(card.id);
      }),
    works: () =>
      asked(async () => {
        const cards = Object.entries(await client.hgetall(worksKey)).flatMap(([id, text]) => {
          const card = parseCard(text);
          return card?.id === id ? [card] : [];
        });
        return cards.sort((a, b) => (a.id < b.id ? -1 : 1));
      }),
    offer: (work, shards) =>
      asked(async () => {
        const settings = {
          attempts: times.attempts,
          backoff: { type: 'exponential', delay: times.backoff, jitter: 0.5 },
          // What is done is in the store; what is dead stays to be looked at.
          removeOnComplete: true,
          removeOnFail: false,
        };
        await queueOf(work).addBulk(
          shards.map((shard) => ({ name: 'shard', data: { shard }, opts: { ...settings, jobId: `s${shard}` } })),
        );
      }),
    status: (work) => asked(() => statusOf(queueOf(work))),
    retry: (work, shards) =>
      asked(async () => {
        const dead = await queueOf(work).getJobs(['failed']);
        const wanted = dead.filter((job) => job && (shards?.includes(shardOf(job)) ?? true));
        for (const job of wanted) await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
        return wanted.length;
      }),
    cancel: (work) =>
      asked(async () => {
        announced.delete(work);
        await client.set(cancelledKey(work), '1', 'EX', cancelledFor);
        await client.hdel(worksKey, work);
        await queueOf(work).obliterate({ force: true });
      }),
    serve: (work, handle, options) =>
      asked(() => serve({ address, client, times, closing: closing.signal }, work, handle, options)),
    async close() {
      closing.abort();
      queues.clear();
      client.disconnect();
    },
  };
}

async function statusOf(queue: Queue): Promise<EngineStatus> {
  const {
    wait: waiting = 0,

    delayed = 0,
    active = 0,
    failed = 0,
  } = await queue.getJobCounts('wait', 'delayed', 'active', 'failed');
  const jobsOf = async (state: 'active' | 'failed', count: number): Promise<Job[]> =>
    count === 0 ? [] : (await queue.getJobs([state])).filter((job) => job !== undefined);
  return {
    held: waiting + delayed + active + failed,
    waiting,
    delayed,
    active: (await jobsOf('active', active)).map((job) => ({
      shard: shardOf(job),
      worker: job.processedBy ?? '',
      share: shareOf(job.progress),
    })),
    dead: (await jobsOf('failed', failed)).map((job) => ({
      shard: shardOf(job),
      reason: String(job.failedReason ?? ''),
      attempts: job.attemptsMade,
      worker: job.processedBy ?? '',
    })),
  };
}

/** The shard that a job is of, by its id; -1 for one that nobody of ours has put there. */
function shardOf({ id = '' }: Pick<Job, 'id'>): number {
  const [, digits] = /^s(\d{1,9})$/.exec(id) ?? [];
  return digits === undefined ? -1 : Number(digits);
}

/** Whether a job says of itself what its id says, and nothing more. */
function isShard(job: Job): boolean {
  const { shard, ...others } = ((job.data as unknown) ?? {}) as { readonly shard?: unknown };
  return shard === shardOf(job) && shard >= 0 && Object.keys(others).length === 0;
}

function shareOf(progress: unknown): number {
  const { share } = (progress ?? {}) as { readonly share?: unknown };
  return typeof share === 'number' && share >= 0 && share <= 1 ? share : 0;
}

interface Site {
  readonly address: RedisAddress;
  readonly client: Redis;
  readonly times: ReturnType<typeof timesOf>;
  readonly closing: AbortSignal;
}

async function serve(
  { address, client, times, closing }: Site,
  work: string,
  handle: (lease: Lease) => Promise<void>,
  { signal, name, idle }: ServeOptions,
): Promise<void> {
  const cancelled = new AbortController();
  const leases = patientClient(address);
  let isBusy = false;
  let lastAt = performance.now();
  const worker = new Worker(
    work,
    async (job) => {
      isBusy = true;
      try {
        await handle(leaseOf(job, cancelled.signal));
      } catch (error) {
        const message = address.mask((error as Error).message);
        throw error instanceof FatalShardError ? new UnrecoverableError(message) : new Error(message);
      } finally {
        isBusy = false;
        lastAt = performance.now();
      }
    },
    {
      ...{ connection: leases, prefix, name, concurrency: 1, skipVersionCheck: true },
      ...{ lockDuration: times.lease, stalledInterval: times.lease / 2 },
      ...{ maxStalledCount: 1000, maxStartedAttempts: mostStarts },
      // How long a look for work may block; it also bounds how long a delayed shard is overlooked.
      ...{ drainDelay: Math.max(1, Math.round(Math.min(idle, times.lease) / 1000)) },
    },
  );
  // Of lost connections and lost leases: both are made good, by trying again and by the store.
  worker.on('error', () => undefined);
  const stop = AbortSignal.any([signal, closing]);
  let lookedAt = performance.now();
  while (!stop.aborted && !cancelled.signal.aborted && (isBusy || performance.now() - lastAt < idle)) {
    await wait(Math.min(idle, 200), undefined, { signal: stop }).catch(() => undefined);
    if (performance.now() - lookedAt < every) continue;
    lookedAt = performance.now();
    if (await isCancelled(client, work)) cancelled.abort(new Error('the work was cancelled'));
  }
  await ended(worker, () => isBusy && !cancelled.signal.aborted && !closing.aborted, client, work, cancelled);
  leases.disconnect();
}

/** Whether a work was cancelled; a queue that is away does not say so. */
async function isCancelled(client: Redis, work: string): Promise<boolean> {
  return (await client.exists(cancelledKey(work)).catch(() => 0)) > 0;
}

/** Ends a worker when its shard is done, or at once when its connection does not let it. */
async function ended(
  worker: Worker,
  isBusy: () => boolean,
  client: Redis,
  work: string,
  cancelled: AbortController,
): Promise<void> {
  let isClosed = false;
  const closed = worker.close().then(
    () => (isClosed = true),
    () => (isClosed = true),
  );
  for (let idleSince = performance.now(); !isClosed && performance.now() - idleSince < 3000;) {
    await Promise.race([closed, wait(200)]);
    if (isBusy()) idleSince = performance.now();
    if (isBusy() && (await isCancelled(client, work))) cancelled.abort(new Error('the work was cancelled'));
  }
  if (!isClosed) await Promise.race([worker.close(true).catch(() => undefined), wait(1000)]);
}

function leaseOf(job: Job, signal: AbortSignal): Lease {
  const shard = shardOf(job);
  if (!isShard(job)) throw new FatalShardError('the queue holds a job that is no shard');
  let toldAt = -Infinity;
  return {
    shard,
    attempt: job.attemptsMade + 1,
    signal,
    progress({ share }) {
      if (performance.now() - toldAt < every) return;
      toldAt = performance.now();
      job.updateProgress({ share }).catch(() => undefined);
    },
  };
}
