import { AdvrobError } from '@advrob/core';
import { Redis, type RedisOptions } from 'ioredis';
import { readFileSync } from 'node:fs';

type Variables = Readonly<Record<string, string | undefined>>;

/** A Redis or Valkey, and how to reach it. */
export interface RedisAddress {
  /** `rediss://user@queue:6380/0`, without the password. */
  readonly name: string;
  readonly options: RedisOptions;
  /** A text without what is secret in it. */
  mask(text: string): string;
}

/** Hosts that nothing leaves this machine for. */
const local = ['localhost', '127.0.0.1', '[::1]', '::1'];

/**
 * Reads a URL `redis://` or, with TLS, `rediss://`; `redis+unix:` is not known. What is secret comes
 * from variables: `ADVROB_REDIS_PASSWORD`, and for TLS the paths `ADVROB_REDIS_CA`,
 * `ADVROB_REDIS_CERT` and `ADVROB_REDIS_KEY`.
 *
 * @param insecure - Lets a queue on another machine have no password, or no TLS.
 * @throws AdvrobError `ADVROB_QUEUE` for another URL, or one that is not safe.
 */
export function redisAddress(text: string, variables: Variables = process.env, insecure = false): RedisAddress {
  const url = urlOf(text);
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '')
    throw new AdvrobError(
      'ADVROB_QUEUE',
      `the queue: expected redis://host:port, or rediss:// with TLS, got ${JSON.stringify(withoutPassword(text))}`,
    );
  const isTls = url.protocol === 'rediss:';
  const written = decodeURIComponent(url.password);
  const password = written || variables['ADVROB_REDIS_PASSWORD'];
  const name = `${url.protocol}//${url.username ? `${url.username}@` : ''}${url.host}${url.pathname === '/' ? '' : url.pathname}`;
  if (!insecure && !local.includes(url.hostname)) {
    if (!isTls)
      throw new AdvrobError(
        'ADVROB_QUEUE',
        `${name} is on another machine and has no TLS: make it rediss://, or say --insecure on a network that you trust`,
      );
    if (!password)
      throw new AdvrobError(
        'ADVROB_QUEUE',
        `${name} is on another machine and there is no password: set ADVROB_REDIS_PASSWORD, or say --insecure on a network that you trust`,
      );
  }
  const database = url.pathname.replace(/^\//, '');
  if (!/^\d*$/.test(database))
    throw new AdvrobError(
      'ADVROB_QUEUE',
      `${name}: expected the number of a database behind the host, got '${database}'`,
    );
  const secrets = [password, url.password, password && encodeURIComponent(password)].filter(
    (each) => !!each,
  ) as string[];
  return {
    name,
    mask: (said) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), said),
    options: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 6379),
      ...(database !== '' && { db: Number(database) }),
      ...(url.username && { username: decodeURIComponent(url.username) }),
      ...(password && { password }),
      ...(isTls && { tls: { servername: url.hostname, ...certificates(variables) } }),
    },
  };
}

function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** A URL as it may be shown, also one that cannot be read. */
export function withoutPassword(text: string): string {
  return text.replace(/\/\/([^@/]*?)(:[^@]*)?@/g, (_, user: string) => `//${user}@`);
}

function certificates(variables: Variables): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  const read = (key: 'ca' | 'cert' | 'key'): { [K in typeof key]?: Buffer } => {
    const name = `ADVROB_REDIS_${key.toUpperCase()}`;
    const path = variables[name];
    if (path === undefined || path === '') return {};
    try {
      return { [key]: readFileSync(path) };
    } catch (cause) {
      throw new AdvrobError(
        'ADVROB_QUEUE',
        `${name}: ${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`,
        {
          cause,
        },
      );
    }
  };
  return { ...read('ca'), ...read('cert'), ...read('key') };
}

/** Milliseconds before the next try to connect. */
const retryStrategy = (times: number): number => Math.min(100 * 2 ** Math.min(times, 8), 20_000);

/** A client whose commands give up after some seconds: of who can do without the queue for a while. */
export function commandClient({ options }: RedisAddress): Redis {
  return quiet(
    new Redis({ ...options, maxRetriesPerRequest: 3, commandTimeout: 5000, connectTimeout: 5000, retryStrategy }),
  );
}

/** A client whose commands wait for the queue to be back: of who holds a lease. */
export function patientClient({ options }: RedisAddress): Redis {
  return quiet(new Redis({ ...options, maxRetriesPerRequest: null, connectTimeout: 5000, retryStrategy }));
}

/** Lost connections are tried again; who waits for a command is told by that. */
function quiet(client: Redis): Redis {
  return client.on('error', () => undefined);
}

/**
 * An error as it may be shown: without the command, in whose arguments a password may be.
 *
 * @returns AdvrobError `ADVROB_QUEUE` for what a setting is to blame for, which no waiting mends.
 */
export function queueError(error: unknown, { name, mask }: Pick<RedisAddress, 'name' | 'mask'>): Error {
  if (error instanceof AdvrobError) return error;
  const message = mask(error instanceof Error ? error.message : String(error));
  if (/^(NOAUTH|WRONGPASS)|without any password configured/.test(message))
    return new AdvrobError(
      'ADVROB_QUEUE',
      `${name} refuses the password or the user (${message}): set ADVROB_REDIS_PASSWORD, and the user in the URL`,
    );
  if (message.startsWith('NOPERM'))
    return new AdvrobError(
      'ADVROB_QUEUE',
      `${name}: the user lacks a right (${message}): see the ACL in the README of @advrob/scale-bullmq`,
    );
  if (message.startsWith('OOM'))
    return new AdvrobError('ADVROB_QUEUE', `${name} is out of memory: raise maxmemory, or remove what else it holds`);
  if (/certificate|self.signed|SSL routines|wrong version number/i.test(message))
    return new AdvrobError(
      'ADVROB_QUEUE',
      `${name}: TLS fails (${message}): set ADVROB_REDIS_CA to the certificate of who signed the server's`,
    );
  return new Error(`${name}: ${message}`);
}
