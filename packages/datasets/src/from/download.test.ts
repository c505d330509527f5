import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { download } from './download.js';

const content = randomBytes(200_000);
const sha256 = createHash('sha256').update(content).digest('hex');

let folder = '';
let server: Server;
let url = '';
let path = '';
/** Ranges that were asked for. */
let asked: (string | undefined)[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

/** A server that knows ranges. */
function withRanges(request: IncomingMessage, response: ServerResponse): void {
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined) return whole(request, response);
  if (Number(from) >= content.length) return void response.writeHead(416).end();
  const rest = content.subarray(Number(from));
  const range = `bytes ${from}-${content.length - 1}/${content.length}`;
  response.writeHead(206, { 'content-length': rest.length, 'content-range': range }).end(rest);
}
function whole(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': content.length }).end(content);
}
/** Ends the connection in the middle. */
function cut(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': content.length });
  response.write(content.subarray(0, 80_000), () => setTimeout(() => response.destroy(), 50));
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-download-'));
  path = join(folder, 'deep/file.bin');
  asked = [];
  answer = withRanges;
  server = createServer((request, response) => {
    asked.push(request.headers.range);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const isThere = async (name: string) => (await stat(name).catch(() => undefined)) !== undefined;
const hasContent = async () => (await readFile(path)).equals(content);

it('fetches a file once, and tells how far it is', async () => {
  const told: number[] = [];
  expect(await download({ url, sha256, path, onProgress: ({ received, total }) => told.push(received / total!) })).toBe(
    true,
  );
  expect(await hasContent()).toBe(true);
  expect(told.at(-1)).toBe(1);
  expect(await isThere(`${path}.part`)).toBe(false);
  expect(await download({ url, sha256: sha256.toUpperCase(), path })).toBe(false);
  expect(asked).toEqual([undefined]);
});

it('goes on after the connection was cut', async () => {
  answer = cut;
  await expect(download({ url, sha256, path })).rejects.toMatchObject({ code: 'ADVROB_DATA_DOWNLOAD' });
  expect(await isThere(path)).toBe(false);
  const { size } = await stat(`${path}.part`);
  expect(size).toBeGreaterThan(0);
  answer = withRanges;
  await download({ url, sha256, path });
  expect(await hasContent()).toBe(true);
  expect(asked[1]).toBe(`bytes=${size}-`);
});

it('begins anew where the server does not know ranges', async () => {
  answer = cut;
  await expect(download({ url, sha256, path })).rejects.toMatchObject({ code: 'ADVROB_DATA_DOWNLOAD' });
  answer = whole;
  await download({ url, sha256, path });
  expect(await hasContent()).toBe(true);
});

it('refuses a range that was not asked for', async () => {
  answer = cut;
  await expect(download({ url, sha256, path })).rejects.toMatchObject({ code: 'ADVROB_DATA_DOWNLOAD' });
  answer = (_, response) => response.writeHead(206, { 'content-range': 'bytes 7-9/10' }).end('abc');
  await expect(download({ url, sha256, path })).rejects.toMatchObject({ code: 'ADVROB_DATA_DOWNLOAD' });
});

it('finishes a file that had come whole, before it got its name', async () => {
  await download({ url, sha256, path });
  await writeFile(`${path}.part`, content);
  await rm(path);
  await download({ url, sha256, path });
  expect(await hasContent()).toBe(true);
});

it('refuses another file, and begins anew the next time', async () => {
  answer = (_, response) => response.end('another file');
  await expect(download({ url, sha256, path })).rejects.toMatchObject({ code: 'ADVROB_DATA_CHECKSUM' });
  expect([await isThere(path), await isThere(`${path}.part`)]).toEqual([false, false]);
  answer = withRanges;
  await download({ url, sha256, path });
  await writeFile(path, 'changed by hand');
  await expect(download({ url, sha256, path })).rejects.toMatchObject({ code: 'ADVROB_DATA_CHECKSUM' });
  expect(await readFile(path, 'utf8')).toBe('changed by hand');
});

it('stops at the limit, whether the length is told or not', async () => {
  await expect(download({ url, sha256, path, maxBytes: 1000 })).rejects.toMatchObject({
    code: 'ADVROB_DATA_TOO_LARGE',
  });
  answer = (_, response) => response.write(content.subarray(0, 50_000), () => response.end(content));
  await expect(download({ url, sha256, path, maxBytes: 100_000 })).rejects.toMatchObject({
    code: 'ADVROB_DATA_TOO_LARGE',
  });
});

it('is stopped by its signal, and says what a server refused', async () => {
  const controller = new AbortController();
  const stopping = download({ url, sha256, path, signal: controller.signal, onProgress: () => controller.abort() });
  await expect(stopping).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
  answer = (_, response) => response.writeHead(404).end();
  await rm(`${path}.part`, { force: true });
  await expect(download({ url, sha256, path })).rejects.toThrow(/404/);
  await expect(download({ url, sha256: 'abc', path })).rejects.toThrow(/64 hexadecimal/);
  await expect(download({ url: 'file:///etc/passwd', sha256, path })).rejects.toThrow(/http or https/);
});

it('gives up on a server that falls silent, before its answer and in the middle', async () => {
  answer = () => undefined;
  const failure = {
    code: 'ADVROB_DATA_DOWNLOAD',
    message: expect.stringContaining('nothing came for 0.2 s') as string,
  };
  await expect(download({ url, sha256, path, timeout: 200 })).rejects.toMatchObject(failure);
  answer = (_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 80_000));
  };
  await expect(download({ url, sha256, path, timeout: 200 })).rejects.toMatchObject(failure);
  answer = withRanges;
  await download({ url, sha256, path });
  expect(await hasContent()).toBe(true);
  await expect(download({ url, sha256, path, timeout: 0 })).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
});

it('fetches a file once for all who ask at the same time', async () => {
  answer = (_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 80_000), () => setTimeout(() => response.end(content.subarray(80_000)), 50));
  };
  const fetched = await Promise.all([1, 2, 3].map(() => download({ url, sha256, path })));
  expect(fetched.sort()).toEqual([false, false, true]);
  expect(asked).toHaveLength(1);
  expect(await hasContent()).toBe(true);
  expect(await isThere(`${path}.lock`)).toBe(false);
});

it('goes on where another failed, and where a program that is gone left its lock', async () => {
  let first = true;
  answer = (request, response) => {
    (first ? cut : withRanges)(request, response);
    first = false;
  };
  const outcomes = await Promise.allSettled([1, 2].map(() => download({ url, sha256, path })));
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await hasContent()).toBe(true);
  await rm(path);
  const space = await readlink('/proc/self/ns/pid').then(
    (link) => `/${link}`,
    () => '',
  );
  // No program has a number as large.
  await writeFile(`${path}.lock`, `${2 ** 31 - 1} ${hostname()}${space}`);
  expect(await download({ url, sha256, path })).toBe(true);
  await rm(path);
  // The programs of another container cannot be seen, whatever its name.
  for (const holder of [`${process.pid} ${hostname()}${space}`, `${2 ** 31 - 1} ${hostname()}/pid:[1]`]) {
    const controller = new AbortController();
    await writeFile(`${path}.lock`, holder);
    const waiting = download({ url, sha256, path, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(waiting).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
  }
});
