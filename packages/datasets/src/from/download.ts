import { AdvrobError } from '@advrob/core';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
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
  /** Stops it; what has come stays, and the next call goes on from there. */
  readonly signal?: AbortSignal | undefined;
  /** Told after every piece. `total` is undefined when the server does not say it. */
  readonly onProgress?:
    ((progress: { readonly received: number; readonly total: number | undefined }) => void) | undefined;
}

/**
 * Fetches a file over HTTP unless it is there already. A piece that came before, `<path>.part`, is
 * continued (HTTP Range) when the server can, else fetched anew. The file gets its name only when
 * its SHA-256 is right. Returns whether it had to be fetched.
 *
 * @throws AdvrobError `ADVROB_DATA_DOWNLOAD` when the server refuses or the connection ends early
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
  const { url, path, maxBytes = defaultMaxBytes } = file;
  const sha256 = file.sha256.toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `download: expected a SHA-256 of 64 hexadecimal digits, got '${file.sha256}'`,
    );
  if (!/^https?:\/\//.test(url))
    throw new AdvrobError('ADVROB_OPTION', `download: expected an address with http or https, got ${url}`);
  if ((await sizeOf(path)) !== undefined) {
    await checkFile(
      path,
      sha256,
      `${path} is there, but it is not the file from ${url}: remove it, or name another path`,
    );
    return false;
  }
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  await receive({ ...file, maxBytes }, part);
  try {
    await checkFile(part, sha256, `${url} gave another file than expected: check the address and the hash`);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  await rename(part, path);
  return true;
}

async function receive(file: Download & { readonly maxBytes: number }, part: string): Promise<void> {
  const { url, maxBytes, signal } = file;
  const before = (await sizeOf(part)) ?? 0;
  const response = await fetch(url, {
    // A compressed transfer would make lengths and ranges those of other bytes.
    headers: { 'accept-encoding': 'identity', ...(before > 0 && { range: `bytes=${before}-` }) },
    signal: signal ?? null,
  }).catch((cause: unknown) => {
    throw interrupted(file, cause);
  });
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
  try {
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
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
