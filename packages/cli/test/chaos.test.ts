import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProxy, type Proxy } from '../../scale-bullmq/test/support/proxy.js';
import { hasRedis, startRedis, type TestRedis } from '../../scale-bullmq/test/support/redis.js';
import { evaluationOf, openFleet, trainNet, type Fleet, type Running } from './fleet.js';

/** More by command: `ADVROB_FAULTS=100 ADVROB_TEST_SEED=7 npx vitest run packages/cli/test/chaos.test.ts`. */
const faults = Number(process.env['ADVROB_FAULTS'] ?? 30);
const seed = Number(process.env['ADVROB_TEST_SEED'] ?? 1);
/** Milliseconds of a lease; what is frozen or dark stays so for longer. */
const lease = 2000;
const frozen = 1.3 * lease;

/** A shard each, two of them done between two faults at least. */
const shards = 2 * faults + 8;
const evaluation = [...evaluationOf(1, 120), '--set', `subspace.count=${shards}`];

const kinds = [
  ...['worker killed', 'child killed', 'worker frozen', 'child frozen', 'queue killed'],
  ...['queue emptied', 'network dark', 'connections reset', 'coordinator killed'],
] as const;
type Kind = (typeof kinds)[number];

let fleet: Fleet;
let redis: TestRedis;

beforeAll(async () => {
  if (!hasRedis) return;
  [fleet, redis] = [await openFleet(), await startRedis()];
  Object.assign(fleet.env, { ADVROB_STORE: 'store', ADVROB_LEASE: String(lease), ADVROB_BACKOFF: '200' });
  await trainNet(fleet);
}, 60_000);
afterAll(async () => {
  await fleet?.close();
  await redis?.end();
});

it.runIf(hasRedis && existsSync('/proc/self/task'))(
  `${faults} random faults lose nothing, double nothing, and change no bit of the record`,
  async () => {
    const single = fleet.start([...evaluation, '--out', 'single']);
    expect((await single.ended).code, single.said()).toBe(0);
    const random = drawing(seed);
    const begunAt = performance.now();
    const workers = await Promise.all(['a', 'b'].map(async (name) => new Place(name, await startProxy(redis.port))));
    let coordinator = startCoordinator();
    const counts = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
    const waits: Promise<unknown>[] = [];
    for (let fault = 0; fault < faults; fault++) {
      await until(
        async () => (await published()) >= 2 * fault,
        () => [coordinator.said(), ...workers.map((each) => each.said())].join('\n'),
      );
      const kind = kinds[random(kinds.length)]!;
      const worker = workers[random(2)]!;
      counts[kind]++;
      // In the middle of a shard, where there is one.
      await worker.atWork();
      if (kind === 'worker killed') await worker.kill();
      else if (kind === 'child killed') await worker.killChild();
      else if (kind === 'worker frozen') waits.push(worker.freeze());
      else if (kind === 'child frozen') waits.push(worker.freezeChild());
      else if (kind === 'queue killed') await redis.kill().then(() => redis.start());
      else if (kind === 'queue emptied') await redis.client().flushall();
      else if (kind === 'network dark') waits.push(worker.dark());
      else if (kind === 'connections reset') worker.wire.reset();
      else coordinator = await restart(coordinator);
    }
    await Promise.all(waits);
    const { code, stderr } = await coordinator.ended;
    expect(code, stderr).toBe(0);
    expect(await fleet.recordOf('remote')).toEqual(await fleet.recordOf('single'));
    expect(await fleet.read('remote/examples.jsonl')).toBe(await fleet.read('single/examples.jsonl'));
    const events = workers.flatMap((worker) => worker.events());
    const of = (event: string): number => events.filter((found) => found === event).length;
    expect(await published()).toBe(shards);
    // One that was killed in between has not said so.
    expect(of('published')).toBeLessThanOrEqual(shards);
    // What is named here was computed twice, with the same result, or the work would have stopped.
    console.log(
      `seed ${seed}: ${JSON.stringify(counts)}; ${shards} shards, ${of('begin')} starts, ${of('repeated')} computed twice, ` +
        `${of('found')} found done, ${of('failed')} attempts failed; ${((performance.now() - begunAt) / 1000).toFixed(0)} s`,
    );
    for (const worker of workers) await worker.end();
  },
  faults * 20_000,
);

function drawing(from: number): (below: number) => number {
  let drawn = 0;
  return (below) => createHash('sha256').update(`${from}/${drawn++}`).digest().readUInt32BE(0) % below;
}

function startCoordinator(): Running {
  return fleet.start([...evaluation, '--on', `redis://127.0.0.1:${redis.port}`, '--out', 'remote']);
}

async function restart(coordinator: Running): Promise<Running> {
  coordinator.process.kill('SIGKILL');
  await coordinator.ended;
  return startCoordinator();
}

/** How many shards are in the store. */
async function published(): Promise<number> {
  const works = await readdir(join(fleet.home, 'store', 'work')).catch(() => []);
  const [work] = works;
  if (work === undefined) return 0;
  return (await readdir(join(fleet.home, 'store', 'work', work, 'shards')).catch(() => [])).filter(
    (name) => !name.startsWith('.'),
  ).length;
}

async function until(isSo: () => Promise<boolean>, explain: () => string): Promise<void> {
  for (const begunAt = performance.now(); !(await isSo()); await pause(20))
    if (performance.now() - begunAt > 90_000) throw new Error(`nothing is done any more:\n${explain()}`);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function send(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** A machine with one worker, which is started again when it was killed. */
class Place {
  #worker: Running;
  readonly #before: string[] = [];

  constructor(
    readonly name: string,
    readonly wire: Proxy,
  ) {
    this.#worker = this.#start();
  }

  #start(): Running {
    return fleet.start(['worker', '--name', this.name], { ADVROB_ON: `redis://127.0.0.1:${this.wire.port}` });
  }

  /** Waits until it computes, but not for long: it may be frozen, or just started. */
  async atWork(): Promise<void> {
    for (let wait = 0; wait < 200 && this.events().at(-1) !== 'begin'; wait++) await pause(10);
  }

  async kill(): Promise<void> {
    this.#worker.process.kill('SIGKILL');
    await this.#worker.ended;
    this.#before.push(this.#worker.said());
    this.#worker = this.#start();
  }

  async freeze(): Promise<void> {
    const { process: worker } = this.#worker;
    worker.kill('SIGSTOP');
    await pause(frozen);
    worker.kill('SIGCONT');
  }

  async dark(): Promise<void> {
    this.wire.dark();
    await pause(frozen);
    this.wire.light();
  }

  async #child(): Promise<number | undefined> {
    const { pid } = this.#worker.process;
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    return text.split(' ').filter(Boolean).map(Number)[0];
  }

  /** The process that computes; waits for one that is started just now. */
  async #childAtLast(): Promise<number | undefined> {
    for (let wait = 0; wait < 100; wait++) {
      const child = await this.#child();
      if (child !== undefined) return child;
      await pause(50);
    }
    return undefined;
  }

  async killChild(): Promise<void> {
    send(await this.#childAtLast(), 'SIGKILL');
  }

  async freezeChild(): Promise<void> {
    const child = await this.#childAtLast();
    send(child, 'SIGSTOP');
    await pause(frozen);
    send(child, 'SIGCONT');
  }

  said(): string {
    return [...this.#before, this.#worker.said()].join('\n');
  }

  events(): string[] {
    return [...this.said().matchAll(/"event":"(\w+)"/g)].map(([, event]) => event!);
  }

  async end(): Promise<void> {
    this.#worker.process.kill('SIGKILL');
    await this.#worker.ended;
    await this.wire.close();
  }
}
