import { folderStore, writeWork, type Work } from '@advrob/scale';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasRedis, startRedis, type TestRedis } from '../../scale-bullmq/test/support/redis.js';
import { runHere } from './command-line.js';
import { evaluationOf, openFleet, trainNet, type Fleet, type Running } from './fleet.js';

const password = 's3cr3t-canary-of-the-queue';
const evaluation = evaluationOf(4, 5, ['--save-adversarial', '--certify', 'bounds', '--set', 'bounds.method=ibp']);
let fleet: Fleet;
let redis: TestRedis;
let on = '';
const said: string[] = [];

describe.runIf(hasRedis)('an evaluation on many machines', () => {
  beforeAll(async () => {
    [fleet, redis] = [await openFleet(), await startRedis(['--requirepass', password], { password })];
    on = `redis://127.0.0.1:${redis.port}`;
    const places = { ADVROB_ON: on, ADVROB_STORE: 'store', ADVROB_REDIS_PASSWORD: password };
    Object.assign(fleet.env, places, { ADVROB_LEASE: '2000', ADVROB_BACKOFF: '200' });
    await trainNet(fleet);
    const single = await fleet.run([...evaluation, '--out', 'single']);
    expect(single.code, single.stderr).toBe(0);
  }, 120_000);
  afterAll(async () => {
    await fleet?.close();
    await redis?.end();
  });

  it('has the record, the lines and the adversarial examples of a single run', async () => {
    const workers = ['a', 'b'].map((name) => fleet.start(['worker', '--name', name]));
    const remote = await fleet.run([
      ...evaluation,
      '--on',
      on.replace('redis://', `redis://:${password}@`),
      '--out',
      'remote',
    ]);
    expect(remote.code, remote.stderr).toBe(0);
    expect(await fleet.recordOf('remote')).toEqual(await fleet.recordOf('single'));
    expect(await fleet.read('remote/examples.jsonl')).toBe(await fleet.read('single/examples.jsonl'));
    for (const file of await filesIn('single/adversarial'))
      expect((await bytesOf(`remote/adversarial/${file}`)).equals(await bytesOf(`single/adversarial/${file}`))).toBe(
        true,
      );
    // Seconds of the workers, not of who waited for them.
    const { timing } = JSON.parse(await fleet.read('remote/record.json')) as {
      timing: { evaluation: { clean: number } };
    };
    expect(timing.evaluation.clean).toBeGreaterThan(0);
    for (const { process: worker } of workers) worker.kill('SIGTERM');
    const ended = await Promise.all(workers.map(({ ended: each }) => each));
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    said.push(remote.stdout, remote.stderr, ...ended.flatMap(({ stdout, stderr }) => [stdout, stderr]));
    expect(said.join('')).toMatch(/"event":"published"/);
    // Again: everything is there, and no worker is needed.
    const again = await fleet.run([...evaluation, '--on', on, '--out', 'again']);
    expect(again.code, again.stderr).toBe(0);
    expect(await fleet.recordOf('again')).toEqual(await fleet.recordOf('single'));
  }, 120_000);

  it('is refused by a worker that would give other bits, before it takes a lease', async () => {
    const coordinator = fleet.start([...evaluation, '--seed', '5', '--on', on, '--out', 'refused']);
    const id = await workOf(coordinator);
    const path = `store/work/${id}/work.json`;
    const text = await fleet.read(path);
    // As if it were planned on another machine: a work of its own, under its own id.
    const work = JSON.parse(text.replace(/"node":"\d+"/, '"node":"18"')) as Work;
    await fleet.run(['cancel', id]);
    expect((await coordinator.ended).stderr).toContain('was cancelled with advrob cancel');
    const other = await writeWork(folderStore(join(fleet.home, 'store')), work);
    const client = redis.client();
    await client.hset('advrob:works', other, JSON.stringify({ id: other, title: 'net', kind: 'evaluation' }));
    const worker = await fleet.run(['worker', '--once']);
    expect(worker.code, worker.stderr).toBe(3);
    expect(worker.stderr).toMatch(/would give other bits.*node was "18", is "\d+".*\[ADVROB_CONTRACT\]/);
    await writeFile(join(fleet.home, `store/work/${other}/work.json`), text);
    const damaged = await fleet.run(['worker', '--once']);
    expect(damaged.code).toBe(3);
    expect(damaged.stderr).toMatch(/its content has another id.*\[ADVROB_WORK\]/);
    await client.hdel('advrob:works', other);
    said.push(worker.stdout, worker.stderr, damaged.stderr);
  }, 120_000);

  it('names shards that failed, and goes on after retry; status and cancel work from anywhere', async () => {
    const coordinator = fleet.start([...evaluation, '--seed', '7', '--on', on, '--out', 'dead']);
    const id = await workOf(coordinator);
    // A job that is no shard of the work: every attempt fails at once.
    const client = redis.client();
    while ((await client.exists(`advrob:${id}:s2`)) === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await client.hset(`advrob:${id}:s2`, 'data', '{"shard":-2}');
    const worker = fleet.start(['worker', '--name', 'w']);
    const { code, stderr } = await coordinator.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`1 shards failed at every attempt.*advrob retry ${id}.*\\[ADVROB_DEAD_SHARDS\\]`, 's'),
    );
    const status = await fleet.run(['status', id]);
    expect(status.stdout).toContain('0 waiting, 0 at work, 0 to retry, 1 dead');
    expect(status.stdout).toContain('the queue holds a job that is no shard');
    await client.hset(`advrob:${id}:s2`, 'data', '{"shard":2}');
    expect((await fleet.run(['retry', id])).stdout).toContain('1 shard is offered again');
    const again = await fleet.run([...evaluation, '--seed', '7', '--on', on, '--out', 'dead']);
    expect(again.code, again.stderr).toBe(0);
    worker.process.kill('SIGTERM');
    await worker.ended;
    expect((await fleet.run(['status'])).stdout).toContain('no work at');
    said.push(stderr, status.stdout, again.stderr, worker.said());
  }, 120_000);

  it('says what is wrong with the flags', async () => {
    const of = async (...args: string[]) => (await runHere(fleet.home, args)).stderr;
    expect(await of(...evaluation, '--on', on, '--jobs', '2', '--out', 'x')).toContain('leave --shard and --jobs out');
    expect(await of(...evaluation, '--store', 'x', '--out', 'x')).toContain('go with --on');
    expect(
      await of(...evaluation, '--on', `redis://:${password}@queue.example:1`, '--store', 'x', '--out', 'x'),
    ).toMatch(/has no TLS/);
    said.push(await of('status', '--on', `http://u:${password}@h`), await of('retry', 'nonsense'));
    expect(await of('retry', 'a'.repeat(32), '--only', 'x')).toContain('expected the number of a shard');
    expect(said.at(-2)).toMatch(/expected redis:\/\/host:port/);
    expect(said.at(-1)).toMatch(/expected the id of a work/);
  }, 60_000);

  it('shows the password nowhere: output, folders, store, queue', async () => {
    for (const file of await filesIn('.')) said.push((await bytesOf(file)).toString('latin1'));
    const client = redis.client();
    for (const key of await client.keys('*')) said.push(key, JSON.stringify(await client.dump(key)));
    const all = said.join('\n');
    expect(all).toContain('adversarial');
    expect(all).not.toContain(password);
  });
});

/** The id of the work that a coordinator has planned. */
async function workOf({ said: saidBy, ended }: Running): Promise<string> {
  let isEnded = false;
  void ended.then(() => (isEnded = true));
  for (;;) {
    const [, id] = /work ([0-9a-f]{32}):/.exec(saidBy()) ?? [];
    if (id !== undefined) return id;
    if (isEnded) throw new Error(saidBy());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(fleet.home, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(fleet.home, folder).length).replace(/^\//, ''))
    .sort();
}

function bytesOf(path: string): Promise<Buffer> {
  return readFile(join(fleet.home, path));
}
