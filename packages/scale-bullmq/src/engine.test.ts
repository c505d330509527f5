import type { EngineConnection } from '@advrob/scale';
import { engineContract } from '@advrob/scale/testing';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startProxy, type Proxy } from '../test/support/proxy.js';
import { hasRedis, startRedis, type TestRedis } from '../test/support/redis.js';
import { connectBullmq } from './index.js';

const times = { lease: 1000, backoff: 300, attempts: 3 };
const card = (digit: string) => ({ id: digit.repeat(32), title: 'net', kind: 'evaluation' });
const secret = 's3cr3t/canary:@!';

let redis: TestRedis;
describe.runIf(hasRedis)('an engine of BullMQ', () => {
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.end());

  describe('does what every engine does', () => {
    const wires = new Map<EngineConnection, Proxy>();
    const open: EngineConnection[] = [];
    afterEach(async () => {
      for (const connection of open.splice(0)) await connection.close();
      for (const wire of wires.values()) await wire.close();
      wires.clear();
    });
    const checks = engineContract({
      ...times,
      async connect() {
        const wire = await startProxy(redis.port);
        const connection = await connectBullmq({ url: `redis://127.0.0.1:${wire.port}`, ...times });
        wires.set(connection, wire);
        open.push(connection);
        return connection;
      },
      abandon: async (connection) => wires.get(connection)!.dark(),
      empty: async () => void (await redis.client().flushall()),
    });
    for (const { name, run } of checks) it(name, run, 60_000);
  });

  it('holds a kilobyte a waiting shard, and nothing of a work that was cancelled', async () => {
    const engine = await connectBullmq({ url: `redis://127.0.0.1:${redis.port}` });
    const client = redis.client();
    await client.flushall();
    await engine.announce(card('a'));
    const before = await usedBytes(client.info('memory'));
    await engine.offer(
      card('a').id,
      Array.from({ length: 1000 }, (_, i) => i),
    );
    expect((await usedBytes(client.info('memory'))) - before).toBeLessThan(1_500_000);
    expect(await engine.status(card('a').id)).toMatchObject({ held: 1000, waiting: 1000 });
    await engine.cancel(card('a').id);
    expect((await client.keys('*')).filter((key) => !key.startsWith('advrob:cancelled:'))).toEqual([]);
    await engine.close();
  });

  it('takes no job that is no shard, and goes on', async () => {
    const engine = await connectBullmq({ url: `redis://127.0.0.1:${redis.port}`, ...times });
    const client = redis.client();
    await client.flushall();
    const { id } = card('b');
    await engine.announce(card('b'));
    await engine.offer(id, [0, 1, 2, 3, 4, 5]);
    const data = ['{"shard":-1}', '{"shard":0,"run":"rm -rf"}', 'null', '"0"', '{"__proto__":{"shard":1}}'];
    for (const [i, text] of data.entries()) await client.hset(`advrob:${id}:s${i}`, 'data', text);
    await client.hset('advrob:works', 'z'.repeat(32), 'nonsense', '../up', JSON.stringify(card('c')));
    expect((await engine.works()).map((each) => each.id)).toEqual([id]);
    const taken: number[] = [];
    const stop = new AbortController();
    await engine.serve(id, async ({ shard }) => void taken.push(shard), { signal: stop.signal, name: 'a', idle: 1500 });
    expect(taken).toEqual([5]);
    const { dead } = await engine.status(id);
    expect(dead.map(({ shard }) => shard).sort()).toEqual([0, 1, 2, 3, 4]);
    expect(dead.map(({ reason }) => reason)).toEqual(data.map(() => 'the queue holds a job that is no shard'));
    await engine.cancel(id);
    await engine.close();
  }, 30_000);

  it('says what is wrong with a server, and never the password', async () => {
    const said: string[] = [];
    const refusal = async (options: { url: string; insecure?: boolean; patience?: number }): Promise<string> => {
      const text = await connectBullmq({ ...options, onWarning: (message) => void said.push(message) }).then(
        (engine) => engine.close().then(() => 'connected'),
        (error: Error) => `${error.message}\n${error.stack}\n${JSON.stringify(error)}\n${String(error.cause)}`,
      );
      said.push(text);
      return text;
    };
    expect(await refusal({ url: 'redis://127.0.0.1:1', patience: 300 })).toMatch(
      /redis:\/\/127\.0\.0\.1:1 does not answer.*\[ADVROB_QUEUE\]/,
    );
    const user = encodeURIComponent(secret);
    expect(await refusal({ url: `redis://advrob:${user}@127.0.0.1:${redis.port}` })).toMatch(
      /refuses the password or the user.*ADVROB_REDIS_PASSWORD/,
    );
    await redis.client().config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await refusal({ url: `redis://127.0.0.1:${redis.port}` })).toMatch(
      /maxmemory-policy allkeys-lru.*set maxmemory-policy noeviction/,
    );
    await redis.client().config('SET', 'maxmemory-policy', 'noeviction');
    await redis.client().config('SET', 'appendonly', 'no');
    expect(await refusal({ url: `redis://127.0.0.1:${redis.port}` })).toBe('connected');
    expect(said.join('\n')).toContain('appendonly no');
    await redis.client().config('SET', 'appendonly', 'yes');
    expect(said.join('\n')).not.toContain(secret);
    expect(said.join('\n')).not.toContain(user);
  }, 30_000);
});

describe.runIf(hasRedis)('a queue with TLS and the ACL of the README', () => {
  let folder = '';
  let own: TestRedis | undefined;
  afterAll(async () => {
    await own?.end();
    for (const name of ['PASSWORD', 'CA']) delete process.env[`ADVROB_REDIS_${name}`];
    await rm(folder, { recursive: true, force: true });
  });

  it('is reached, and lacks nothing that an engine does', async () => {
    folder = await mkdtemp(join(tmpdir(), 'advrob-tls-'));
    const certificate = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
    const names = ['-addext', 'subjectAltName=DNS:localhost'];
    const made = spawnSync('openssl', [...certificate, ...names, '-keyout', 'key', '-out', 'cert'], { cwd: folder });
    expect(made.status, made.stderr.toString()).toBe(0);
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const rights = /^user advrob on >\S+ (.*)$/m.exec(readme)![1]!.split(' ');
    own = await startRedis(
      [
        ...[
          '--tls-port',
          '--tls-cert-file',
          cert,
          '--tls-key-file',
          key,
          '--tls-ca-cert-file',
          cert,
          '--tls-auth-clients',
          'no',
        ],
        ...['--user', 'default', 'off', '--user', 'advrob', 'on', `>${secret}`, ...rights],
      ],
      { username: 'advrob', password: secret, tls: { rejectUnauthorized: false } },
    );
    const url = `rediss://advrob@localhost:${own.port}`;
    await expect(connectBullmq({ url })).rejects.toThrow(/TLS fails.*ADVROB_REDIS_CA/);
    Object.assign(process.env, { ADVROB_REDIS_PASSWORD: secret, ADVROB_REDIS_CA: cert });
    const connections: EngineConnection[] = [];
    const connect = async (): Promise<EngineConnection> => {
      const connection = await connectBullmq({ url, ...times });
      connections.push(connection);
      return connection;
    };
    const none = async (): Promise<void> => undefined;
    const wanted = /found, once|progress arrives|retry offers|cancel aborts/;
    const checks = engineContract({ ...times, connect, abandon: none, empty: none }).filter(({ name }) =>
      wanted.test(name),
    );
    expect(checks).toHaveLength(4);
    for (const { run } of checks) await run();
    const [first] = connections;
    expect(first!.name).toBe(url);
    await expect(connectBullmq({ url: `rediss://nobody@localhost:${own.port}` })).rejects.toThrow(
      /refuses the password or the user/,
    );
  }, 60_000);
});

async function usedBytes(info: Promise<string>): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await info)![1]);
}
