import {
  cancelledError,
  FatalShardError,
  type EngineConnection,
  type EngineTimes,
  type Lease,
  timesOf,
  type WorkCard,
} from './engine.js';

interface Job {
  readonly shard: number;
  state: 'waiting' | 'delayed' | 'active' | 'dead';
  attempts: number;
  /** When it may be taken (delayed), or its lease ends (active). */
  until: number;
  worker: string;
  share: number;
  reason: string;
  /** Of the lease that is held now. */
  token: symbol;
}

interface Queue {
  readonly card: WorkCard;
  readonly jobs: Map<number, Job>;
  readonly cancelled: AbortController;
}

/**
 * An engine of one process: what a queue on several machines must do, in its plainest form. For
 * tests, and to see what the interface asks for.
 *
 * @returns How to connect to it, and what a disaster does: `empty` loses everything.
 */
export function memoryEngine(times: EngineTimes = {}): { connect(): MemoryConnection; empty(): void } {
  const settings = timesOf(times);
  const queues = new Map<string, Queue>();
  const cancelled = new Set<string>();
  return { connect: () => connection(queues, cancelled, settings), empty: () => queues.clear() };
}

/** A connection that a test can make dead, as if its process were killed. */
export interface MemoryConnection extends EngineConnection {
  abandon(): void;
}

function connection(
  queues: Map<string, Queue>,
  cancelled: Set<string>,
  settings: ReturnType<typeof timesOf>,
): MemoryConnection {
  let isAbandoned = false;
  const announced = new Set<string>();
  const jobsOf = (work: string): Job[] => {
    const jobs = [...(queues.get(work)?.jobs.values() ?? [])];
    const now = performance.now();
    for (const job of jobs)
      if ((job.state === 'delayed' || job.state === 'active') && job.until <= now) job.state = 'waiting';
    return jobs;
  };
  const queueOf = (card: WorkCard): Queue => {
    const found = queues.get(card.id) ?? { card, jobs: new Map<number, Job>(), cancelled: new AbortController() };
    queues.set(card.id, found);
    return found;
  };
  const fail = (job: Job, error: unknown): void => {
    job.reason = error instanceof Error ? error.message : String(error);
    const isLast = error instanceof FatalShardError || job.attempts >= settings.attempts;
    job.state = isLast ? 'dead' : 'delayed';
    job.until = performance.now() + settings.backoff * 2 ** (job.attempts - 1);
  };
  const hold = async (queue: Queue, job: Job, handle: (lease: Lease) => Promise<void>, name: string): Promise<void> => {
    const token = Symbol('lease');
    const renew = (): void => void (job.until = performance.now() + settings.lease);
    Object.assign(job, { state: 'active', worker: name, share: 0, token, attempts: job.attempts + 1 });
    renew();
    const isHeld = (): boolean => job.token === token && !isAbandoned && queues.get(queue.card.id) === queue;
    const timer = setInterval(() => isHeld() && job.state === 'active' && renew(), settings.lease / 3);
    const lease: Lease = {
      shard: job.shard,
      attempt: job.attempts,
      signal: queue.cancelled.signal,
      progress: ({ share }) => void (isHeld() && (job.share = share)),
    };
    try {
      await handle(lease);
      if (isHeld()) queue.jobs.delete(job.shard);
    } catch (error) {
      if (isHeld()) fail(job, error);
    } finally {
      clearInterval(timer);
    }
  };
  return {
    name: 'memory',
    abandon: () => void (isAbandoned = true),
    async announce(card) {
      if (announced.has(card.id) && cancelled.has(card.id)) throw cancelledError(card.id);
      cancelled.delete(card.id);
      announced.add(card.id);
      queueOf(card);
    },
    works: async () => [...queues.values()].map(({ card }) => card),
    async offer(work, shards) {
      const jobs = queues.get(work)?.jobs;
      for (const shard of shards)
        if (jobs && !jobs.has(shard))
          jobs.set(shard, {
            ...{ shard, state: 'waiting', attempts: 0, until: 0, worker: '', share: 0, reason: '' },
            token: Symbol('none'),
          });
    },
    async status(work) {
      const jobs = jobsOf(work);
      const of = (state: Job['state']): Job[] => jobs.filter((job) => job.state === state);
      return {
        held: jobs.length,
        waiting: of('waiting').length,
        delayed: of('delayed').length,
        active: of('active').map(({ shard, worker, share }) => ({ shard, worker, share })),
        dead: of('dead').map(({ shard, reason, attempts, worker }) => ({ shard, reason, attempts, worker })),
      };
    },
    async retry(work, shards) {
      const dead = jobsOf(work).filter(({ state, shard }) => state === 'dead' && (shards?.includes(shard) ?? true));
      for (const job of dead) Object.assign(job, { state: 'waiting', attempts: 0 });
      return dead.length;
    },
    async cancel(work) {
      queues.get(work)?.cancelled.abort(new Error('the work was cancelled'));
      queues.delete(work);
      announced.delete(work);
      cancelled.add(work);
    },
    async serve(work, handle, { signal, name, idle }) {
      let last = performance.now();
      while (!signal.aborted && !isAbandoned && performance.now() - last < idle) {
        const queue = queues.get(work);
        const job = jobsOf(work).find(({ state }) => state === 'waiting');
        if (queue === undefined) return;
        if (job) {
          await hold(queue, job, handle, name);
          last = performance.now();
        } else await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    close: async () => void (isAbandoned = true),
  };
}
