import type { Check } from '@advrob/core/testing';
import { pause } from './coordinate.js';
import { FatalShardError, type EngineConnection, type EngineStatus, type Lease, type WorkCard } from './engine.js';

/** An engine with what a test does to it. */
export interface EngineUnderTest {
  /** Another connection to the same engine, as another machine has it. */
  connect(): Promise<EngineConnection>;
  /** Makes a connection silent, as a killed process is: it renews nothing and says nothing more. */
  abandon(connection: EngineConnection): Promise<void>;
  /** Makes the engine lose all that it has. */
  empty(): Promise<void>;
  /** Its times, in milliseconds: best a lease below two seconds, and a backoff below one. */
  readonly lease: number;
  readonly backoff: number;
  /** After so many attempts a shard is dead; at least 2. */
  readonly attempts: number;
}

/**
 * Everything that an engine must do, as checks that any test runner can call. Each takes some
 * leases' time.
 *
 * @example
 * ```ts
 * import { engineContract } from '@advrob/scale/testing';
 * for (const { name, run } of engineContract(myEngine)) test(name, run);
 * ```
 */
export function engineContract(engine: EngineUnderTest): readonly Check[] {
  const checks: Readonly<Record<string, (site: Site) => Promise<void>>> = {
    'an announced work is found, once, until it is cancelled': announces,
    'a shard that was offered once is leased once, and progress arrives': leasesOnce,
    'a second offer of what waits, runs or is dead adds nothing': offersOnce,
    'a shard that was rejected comes back after its backoff': comesBack,
    'a shard is dead after its last attempt, with the reason, and retry offers it again': diesAndIsRetried,
    'a fatal error is dead at once': diesAtOnce,
    'the lease of a worker that is gone comes back': survivesWorkers,
    'a lease longer than its time is kept while its worker lives': renews,
    'cancel aborts the leases and leaves nothing': cancels,
    'a worker that is told to stop ends what it has and takes no more': stops,
    'an engine that lost everything can be filled again': isFilledAgain,
  };
  return Object.entries(checks).map(([name, check]) => ({
    name,
    async run() {
      const site = new Site(engine);
      try {
        await check(site);
      } finally {
        await site.close();
      }
    },
  }));
}

let works = 0;

/** A work of its own for each check, and the connections that it opens. */
class Site {
  readonly card: WorkCard;
  readonly #connections: EngineConnection[] = [];
  readonly #serving: { readonly stop: AbortController; readonly ended: Promise<void> }[] = [];

  constructor(readonly engine: EngineUnderTest) {
    const id = `${Date.now().toString(16)}${process.pid.toString(16)}${(works++).toString(16)}`.padStart(32, '0');
    this.card = { id, title: `work ${id}`, kind: 'test' };
  }

  async connect(): Promise<EngineConnection> {
    const connection = await this.engine.connect();
    this.#connections.push(connection);
    return connection;
  }

  /** A connection on which the work was announced and shards were offered. */
  async offered(...shards: readonly number[]): Promise<EngineConnection> {
    const connection = await this.connect();
    await connection.announce(this.card);
    await connection.offer(this.card.id, shards);
    return connection;
  }

  /** A worker of its own connection. */
  async worker(handle: (lease: Lease) => Promise<void>, name = 'worker', idle = 60_000): Promise<Worker> {
    const connection = await this.connect();
    const stop = new AbortController();
    const ended = connection.serve(this.card.id, handle, { signal: stop.signal, name, idle });
    this.#serving.push({ stop, ended });
    return { connection, stop, ended };
  }

  /** Waits until the status is as wanted. */
  async until(
    connection: EngineConnection,
    what: string,
    isSo: (status: EngineStatus) => boolean,
  ): Promise<EngineStatus> {
    for (const begun = Date.now(); Date.now() - begun < 20_000; await pause(20)) {
      const status = await connection.status(this.card.id);
      if (isSo(status)) return status;
    }
    throw new Error(`${what}: not within 20 s; found ${JSON.stringify(await connection.status(this.card.id))}`);
  }

  async close(): Promise<void> {
    for (const { stop } of this.#serving) stop.abort();
    const [first] = this.#connections;
    await first?.cancel(this.card.id).catch(() => undefined);
    await Promise.race([Promise.allSettled(this.#serving.map(({ ended }) => ended)), pause(3000)]);
    await Promise.all(this.#connections.map((connection) => connection.close().catch(() => undefined)));
  }
}

interface Worker {
  readonly connection: EngineConnection;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

function ensure(isTrue: boolean, message: string): void {
  if (!isTrue) throw new Error(message);
}

const isEmpty = ({ held }: EngineStatus): boolean => held === 0;

async function announces(site: Site): Promise<void> {
  const one = await site.connect();
  await one.announce(site.card);
  await one.announce(site.card);
  const other = await site.connect();
  const own = async (): Promise<readonly WorkCard[]> => (await other.works()).filter(({ id }) => id === site.card.id);
  ensure((await own()).length === 1, 'a work that was announced twice is not there once');
  ensure((await own())[0]!.title === site.card.title && (await own())[0]!.kind === 'test', 'it is another');
  await other.cancel(site.card.id);
  ensure((await own()).length === 0, 'a work that was cancelled is there');
  const error = await one.announce(site.card).then(
    () => undefined,
    (thrown: unknown) => thrown as { code?: string },
  );
  ensure(error?.code === 'ADVROB_QUEUE', 'who had announced it was not told that it was cancelled');
  await other.announce(site.card);
  ensure((await own()).length === 1, 'a work that was cancelled cannot be announced again');
}

async function leasesOnce(site: Site): Promise<void> {
  const shards = Array.from({ length: 20 }, (_, i) => i);
  const one = await site.offered(...shards);
  const taken: number[] = [];
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const handle = async ({ shard, attempt, progress }: Lease): Promise<void> => {
    ensure(attempt === 1, `attempt ${attempt} of a shard that was never tried`);
    taken.push(shard);
    progress({ share: 0.5 });
    await gate;
  };
  await site.worker(handle, 'first');
  await site.worker(handle, 'second');
  const status = await site.until(
    one,
    'two leases with progress',
    ({ active }) => active.filter(({ share }) => share === 0.5).length === 2,
  );
  ensure(
    status.active
      .map(({ worker }) => worker)
      .sort()
      .join() === 'first,second',
    'the workers are not named',
  );
  ensure(
    status.waiting === 18 && status.held === 20,
    `18 of 20 shards should wait, ${status.waiting} of ${status.held} do`,
  );
  go();
  await site.until(one, 'all shards done', isEmpty);
  ensure(taken.sort((a, b) => a - b).join() === shards.join(), `leases of ${taken.join()}`);
}

async function offersOnce(site: Site): Promise<void> {
  const one = await site.offered(0, 1, 2);
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const taken: number[] = [];
  await site.worker(async ({ shard }) => {
    taken.push(shard);
    if (shard === 0) throw new FatalShardError('broken');
    await gate;
  });
  const isSo = ({ waiting, active, dead }: EngineStatus): boolean =>
    waiting === 1 && active.length === 1 && dead.length === 1;
  await site.until(one, 'one waits, one runs, one is dead', isSo);
  await (await site.connect()).offer(site.card.id, [0, 1, 2]);
  ensure(isSo(await one.status(site.card.id)), 'a second offer changed something');
  go();
  await site.until(one, 'the others done', ({ waiting, active }) => waiting + active.length === 0);
  ensure(taken.join() === [...new Set(taken)].join(), `a shard was leased twice: ${taken.join()}`);
}

async function comesBack(site: Site): Promise<void> {
  const one = await site.offered(7);
  const at: number[] = [];
  await site.worker(async ({ attempt }) => {
    at.push(Date.now());
    ensure(attempt === at.length, `attempt ${attempt}, expected ${at.length}`);
    if (attempt === 1) throw new Error('once');
  });
  await site.until(one, 'done at the second attempt', (status) => isEmpty(status) && at.length === 2);
  const waited = at[1]! - at[0]!;
  // Engines may spread retries by as much as half of it.
  ensure(waited >= site.engine.backoff / 2 - 20, `the second attempt came after ${waited} ms`);
}

async function diesAndIsRetried(site: Site): Promise<void> {
  const one = await site.offered(3, 4);
  let isMended = false;
  await site.worker(async ({ shard }) => {
    if (shard === 3 && !isMended) throw new Error('the disk is broken');
  }, 'unlucky');
  const { dead } = await site.until(
    one,
    'one dead, the other done',
    ({ waiting, delayed, active, dead }) => dead.length === 1 && waiting + delayed + active.length === 0,
  );
  const [{ shard, reason, attempts, worker }] = dead as [EngineStatus['dead'][number]];
  ensure(shard === 3 && reason.includes('the disk is broken'), `dead for another reason: ${JSON.stringify(dead)}`);
  ensure(attempts === site.engine.attempts, `${attempts} attempts, expected ${site.engine.attempts}`);
  ensure(worker === 'unlucky', `of worker ${worker}`);
  ensure((await one.retry(site.card.id, [4])) === 0, 'a shard that is not dead was retried');
  isMended = true;
  ensure((await one.retry(site.card.id)) === 1, 'retry did not give the number of shards');
  await site.until(one, 'done after retry', isEmpty);
}

async function diesAtOnce(site: Site): Promise<void> {
  const one = await site.offered(0);
  let attempts = 0;
  await site.worker(async () => {
    attempts++;
    throw new FatalShardError('never again');
  });
  const { dead } = await site.until(one, 'dead', ({ dead }) => dead.length === 1);
  ensure(attempts === 1 && dead[0]!.reason.includes('never again'), `${attempts} attempts, ${dead[0]!.reason}`);
}

async function survivesWorkers(site: Site): Promise<void> {
  const one = await site.offered(0);
  const taken: string[] = [];
  const first = await site.worker(async () => {
    taken.push('first');
    await new Promise(() => undefined);
  }, 'first');
  await site.until(one, 'a lease', ({ active }) => active.length === 1);
  await site.engine.abandon(first.connection);
  await site.worker(async () => void taken.push('second'), 'second');
  await site.until(one, 'done by another worker', (status) => isEmpty(status) && taken.length === 2);
  ensure(taken.join() === 'first,second', taken.join());
}

async function renews(site: Site): Promise<void> {
  const one = await site.offered(0);
  let leases = 0;
  const handle = async (): Promise<void> => {
    leases++;
    await pause(3 * site.engine.lease);
  };
  await site.worker(handle, 'first');
  await site.worker(handle, 'second');
  await site.until(one, 'done', (status) => isEmpty(status) && leases > 0);
  ensure(leases === 1, `the shard was leased ${leases} times`);
}

async function cancels(site: Site): Promise<void> {
  const one = await site.offered(0, 1);
  let isAborted = false;
  const { ended } = await site.worker(async ({ signal }) => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    isAborted = true;
  });
  await site.until(one, 'a lease', ({ active }) => active.length === 1);
  await one.cancel(site.card.id);
  await Promise.race([ended, pause(10_000)]);
  ensure(isAborted, 'the lease was not aborted within 10 s');
  ensure(isEmpty(await one.status(site.card.id)), 'shards are left');
  ensure(!(await one.works()).some(({ id }) => id === site.card.id), 'the work is left');
}

async function stops(site: Site): Promise<void> {
  const one = await site.offered(0, 1);
  const done: number[] = [];
  const { stop, ended } = await site.worker(async ({ shard }) => {
    await pause(200);
    done.push(shard);
  });
  await site.until(one, 'a lease', ({ active }) => active.length === 1);
  stop.abort();
  await ended;
  ensure(done.length === 1, `${done.length} shards were done`);
  const { waiting, active } = await one.status(site.card.id);
  ensure(waiting === 1 && active.length === 0, `${waiting} wait, ${active.length} run`);
  const begunAt = Date.now();
  await (
    await site.worker(async () => undefined, 'next', 300)
  ).ended;
  ensure(Date.now() - begunAt < 10_000, 'a worker without work did not end by idle');
  ensure(isEmpty(await one.status(site.card.id)), 'the other shard was not taken');
}

async function isFilledAgain(site: Site): Promise<void> {
  const one = await site.offered(0, 1, 2);
  await site.engine.empty();
  ensure(isEmpty(await one.status(site.card.id)), 'an emptied engine has shards');
  await one.announce(site.card);
  await one.offer(site.card.id, [0, 1, 2]);
  const taken: number[] = [];
  await site.worker(async ({ shard }) => void taken.push(shard));
  await site.until(one, 'done', (status) => isEmpty(status) && taken.length === 3);
}
