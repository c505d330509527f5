import { AdvrobError } from '@advrob/core';
import { createHash } from 'node:crypto';
import { createReadStream, readlinkSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultMaxBytes } from './files.js';

/** A file to fetch. */
export interface Download {
  readonly url: string;
  /** SHA-256 of the whole file, hex. */
  readonly sha256: string;
  /** Where it is put; folders are made. */
  readonly path: string;
  /** Most bytes that are accepted. Default 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** Milliseconds without a byte after which it gives up. Default 60,000. */
  readonly timeout?: number | undefined;
  /** Stops it; what has come stays, and the next call goes on from there. */
  readonly signal?: AbortSignal | undefined;
  /** Told after every piece. `total` is undefined when the server does not say it. */
  readonly onProgress?:
    ((progress: { readonly received: number; readonly total: number | undefined }) => void) | undefined;
}

/**
 * Fetches a file over HTTP unless it is there already. A piece that came before, `<path>.part`, is
 * continued (HTTP Range) when the server can, else fetched anew. The file gets its name only when
 * its SHA-256 is right. Of several calls for one path, in whatever programs, one fetches it and the
 * others wait. Returns whether it had to be fetched.
 *
 * @throws AdvrobError `ADVROB_DATA_DOWNLOAD` when the server refuses, falls silent or ends early
 *   (call again to go on), `ADVROB_DATA_CHECKSUM` for another file, `ADVROB_DATA_TOO_LARGE` above
 *   `maxBytes`, `ADVROB_OPTION` for a wrong hash or address, `ADVROB_ABORTED`.
 * @example
 * ```ts
 * import { download } from '@advrob/datasets';
 * const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
 * await download({ url: 'https://example.org/digits.npz', sha256, path: 'data/digits.npz' });
 * ```
 */
export async function download(file: Download): Promise<boolean> {
  const { url, path, maxBytes = defaultMaxBytes, timeout = 60_000 } = file;
  const sha256 = file.sha256.toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `download: expected a SHA-256 of 64 hexadecimal digits, got '${file.sha256}'`,
    );
  if (!/^https?:\/\//.test(url))
    throw new AdvrobError('ADVROB_OPTION', `download: expected an address with http or https, got ${url}`);
  if (!(timeout > 0)) throw new AdvrobError('ADVROB_OPTION', `download: timeout: expected above 0, got ${timeout}`);
  await mkdir(dirname(path), { recursive: true });
  const lock = `${path}.lock`;
  while ((await sizeOf(path)) === undefined) {
    if (!(await claim(lock))) {
      await waitForOther(file);
      continue;
    }
    try {
      // The other one may have been done in between.
      if ((await sizeOf(path)) === undefined) {
        await fetchWhole({ ...file, sha256, maxBytes, timeout, lock });
        return true;
      }
    } finally {
      await rm(lock, { force: true });
    }
  }
  await checkFile(
    path,
    sha256,
    `${path} is there, but it is not the file from ${url}: remove it, or name another path`,
  );
  return false;
}

/** How long a lock is believed that nobody has touched. */
const stale = 120_000;

/** Whether this call is the one that fetches; a lock that its program has left behind gives way. */
async function claim(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx');
    await file.writeFile(`${process.pid} ${here()}`);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const [pid, place] = (await readFile(lock, 'utf8').catch(() => '')).split(' ');
  const { mtimeMs = Infinity } = (await stat(lock).catch(() => undefined)) ?? {};
  const isLeft = Date.now() - mtimeMs > stale || (place === here() && !isAlive(Number(pid)));
  if (isLeft) await rm(lock, { force: true });
  return false;
}

/** Where the id of a process means something: containers of one host name have tables of their own. */
function here(): string {
  try {
    return `${hostname()}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function waitForOther(file: Download): Promise<void> {
  await sleep(100, undefined, { signal: file.signal }).catch((cause: unknown) => {
    throw interrupted(file, cause);
  });
}

type Fetching = Download & { readonly maxBytes: number; readonly timeout: number; readonly lock: string };

async function fetchWhole(file: Fetching): Promise<void> {
  const { url, path, sha256 } = file;
  const part = `${path}.part`;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`nothing came for ${file.timeout / 1000} s`)), file.timeout);
  try {
    await receive(file, part, silence.signal, () => timer.refresh());
    await checkFile(part, sha256, `${url} gave another file than expected: check the address and the hash`);
  } catch (error) {
    if (error instanceof AdvrobError && error.code === 'ADVROB_DATA_CHECKSUM') await rm(part, { force: true });
    throw error;
  } finally {
    clearTimeout(timer);
  }
  await rename(part, path);
}

async function receive(file: Fetching, part: string, silence: AbortSignal, onByte: () => void): Promise<void> {
  const { url, maxBytes, signal, lock } = file;
  const before = (await sizeOf(part)) ?? 0;
  const response = await fetch(url, {
    // A compressed transfer would make lengths and ranges those of other bytes.
    headers: { 'accept-encoding': 'identity', ...(before > 0 && { range: `bytes=${before}-` }) },
    signal: signal ? AbortSignal.any([signal, silence]) : silence,
  }).catch((cause: unknown) => {
    throw interrupted(file, cause);
  });
  onByte();
  // What came before is the whole file already: nothing follows it.
  if (response.status === 416 && before > 0) return response.body?.cancel();
  const goesOn = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${before}-`);
  if (!response.ok || (response.status === 206 && !goesOn) || response.body === null) {
    await response.body?.cancel();
    throw new AdvrobError(
      'ADVROB_DATA_DOWNLOAD',
      `${url}: expected the file, got HTTP ${response.status} ${response.statusText}`,
    );
  }
  const start = goesOn ? before : 0;
  const length = Number(response.headers.get('content-length') ?? NaN);
  const total = Number.isFinite(length) ? start + length : undefined;
  if ((total ?? start) > maxBytes) {
    await response.body.cancel();
    throw tooLarge(url, maxBytes, total);
  }
  const output = await open(part, goesOn ? 'a' : 'w');
  let received = start;
  let touched = Date.now();
  try {
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      onByte();
      if (Date.now() - touched > stale / 10) {
        touched = Date.now();
        await utimes(lock, touched / 1000, touched / 1000).catch(() => undefined);
      }
      received += piece.length;
      if (received > maxBytes) throw tooLarge(url, maxBytes, undefined);
      await output.writeFile(piece);
      file.onProgress?.({ received, total });
    }
    await output.sync();
  } catch (cause) {
    throw cause instanceof AdvrobError ? cause : interrupted(file, cause);
  } finally {
    await output.close();
  }
}

function interrupted({ url, path, signal }: Download, cause: unknown): AdvrobError {
  if (signal?.aborted)
    return new AdvrobError('ADVROB_ABORTED', `${url}: stopped; the same call goes on from ${path}.part`, { cause });
  return new AdvrobError(
    'ADVROB_DATA_DOWNLOAD',
    `${url}: the connection failed or ended early (${String(cause)}): the same call goes on from what has come`,
    { cause },
  );
}

function tooLarge(url: string, maxBytes: number, found: number | undefined): AdvrobError {
  return new AdvrobError(
    'ADVROB_DATA_TOO_LARGE',
    `${url}: expected at most ${maxBytes} bytes, got ${found ?? 'more'}: raise maxBytes if you trust it`,
  );
}

async function checkFile(path: string, expected: string, message: string): Promise<void> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  const found = hash.digest('hex');
  if (found !== expected)
    throw new AdvrobError('ADVROB_DATA_CHECKSUM', `${message} (expected SHA-256 ${expected}, found ${found})`);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}
