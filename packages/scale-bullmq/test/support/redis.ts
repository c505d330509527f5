import { Redis, type RedisOptions } from 'ioredis';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether a Redis can be started here (Debian: `apt-get install redis-server`). CI demands one. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
if (!hasRedis && process.env['ADVROB_REDIS'] === 'required') throw new Error('redis-server is not installed');
if (!hasRedis) console.warn('SKIPPED: no redis-server here: apt-get install redis-server');

/** A Redis of a test, in a folder of its own. */
export interface TestRedis {
  readonly port: number;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on what it has kept. */
  start(): Promise<void>;
  /** A client for the test itself. */
  client(options?: RedisOptions): Redis;
  end(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @param args - More of its command line, as in redis.conf. */
export async function startRedis(args: readonly string[] = [], reach: RedisOptions = {}): Promise<TestRedis> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'advrob-redis-'));
  const isTls = args.includes('--tls-port');
  let server: ChildProcess | undefined;
  const clients: Redis[] = [];
  const client = (options: RedisOptions = {}): Redis => {
    const made = new Redis({ host: '127.0.0.1', port, ...reach, ...options });
    made.on('error', () => undefined);
    clients.push(made);
    return made;
  };
  const redis: TestRedis = {
    port,
    client,
    async start() {
      server = spawn(
        'redis-server',
        [
          ...[isTls ? '--tls-port' : '--port', String(port), ...(isTls ? ['--port', '0'] : [])],
          ...['--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'],
          ...args.filter((arg) => arg !== '--tls-port'),
        ],
        { stdio: 'ignore' },
      );
      const probe = new Redis({
        host: '127.0.0.1',
        port,
        ...reach,
        retryStrategy: () => 30,
        maxRetriesPerRequest: null,
      });
      probe.on('error', () => undefined);
      for (;;) {
        // Until it has read what it has kept.
        const answer = await probe.ping().catch((error: unknown) => String(error));
        if (answer === 'PONG' || !/LOADING/.test(answer)) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      probe.disconnect();
    },
    async kill() {
      const ending = server;
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise((resolve) => ending.once('close', resolve));
      ending.kill('SIGKILL');
      await ended;
    },
    async end() {
      for (const each of clients) each.disconnect();
      await redis.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await redis.start();
  return redis;
}
