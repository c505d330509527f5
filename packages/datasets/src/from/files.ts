import { AdvrobError } from '@advrob/core';
import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzip, isGzip } from '../formats/gzip.js';

/** Names in a folder. @throws AdvrobError `ADVROB_DATA_MISSING` when there is no such folder. */
export async function listFolder(directory: string): Promise<string[]> {
  return readdir(directory).catch(missingFolder(directory));
}

/** Throws that a folder cannot be opened; for `catch`. */
export function missingFolder(directory: string): (cause: unknown) => never {
  return (cause) => {
    throw new AdvrobError('ADVROB_DATA_MISSING', `cannot open the folder ${directory} (${String(cause)})`, { cause });
  };
}

/**
 * The path of `name` or `name.gz` in a folder; `train-images.idx3-ubyte` counts as
 * `train-images-idx3-ubyte`, since both spellings are about.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` that lists what the folder has.
 */
export async function findFile(directory: string, name: string): Promise<string> {
  const present = await listFolder(directory);
  const found = spellings(name).find((candidate) => present.includes(candidate));
  if (found !== undefined) return join(directory, found);
  throw new AdvrobError(
    'ADVROB_DATA_MISSING',
    `expected ${name} or ${name}.gz in ${directory}, found ${present.slice(0, 12).join(', ') || 'nothing'}`,
  );
}

/** Whether {@link findFile} finds `name`. @throws AdvrobError `ADVROB_DATA_MISSING` without the folder. */
export async function hasFile(directory: string, name: string): Promise<boolean> {
  const present = await listFolder(directory);
  return spellings(name).some((candidate) => present.includes(candidate));
}

function spellings(name: string): string[] {
  const dotted = name.replace('-idx', '.idx');
  return [name, `${name}.gz`, dotted, `${dotted}.gz`];
}

/** Largest file accepted by default, also after decompression: 1 GiB. */
export const defaultMaxBytes = 2 ** 30;

/**
 * The bytes of a file, decompressed when it is a gzip file (by its first bytes, whatever its name).
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` when it cannot be read, `ADVROB_DATA_TOO_LARGE` above
 *   `maxBytes`, `ADVROB_DATA_GZIP` when damaged.
 */
export async function readBytes(path: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await readCapped(path, maxBytes);
  return isGzip(bytes) ? gunzip(bytes, maxBytes, path) : bytes;
}

/**
 * The bytes of a file as they are.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING`, `ADVROB_DATA_TOO_LARGE` above `maxBytes`.
 */
export async function readCapped(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path).catch((cause: unknown) => {
    throw new AdvrobError('ADVROB_DATA_MISSING', `cannot read ${path}: expected a data file there (${String(cause)})`, {
      cause,
    });
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new AdvrobError('ADVROB_DATA_MISSING', `${path}: expected a file, found something else`);
    if (stat.size > maxBytes)
      throw new AdvrobError(
        'ADVROB_DATA_TOO_LARGE',
        `${path}: expected at most ${maxBytes} bytes, found ${stat.size}: raise the option maxBytes if you trust the file`,
      );
    const { buffer, byteOffset, length } = await file.readFile();
    return new Uint8Array(buffer, byteOffset, length);
  } finally {
    await file.close();
  }
}

/**
 * @throws AdvrobError `ADVROB_DATA_CHECKSUM` when the SHA-256 of `bytes` is not `expected` (hex).
 */
export function checkSha256(bytes: Uint8Array, expected: string, name: string): void {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== expected)
    throw new AdvrobError(
      'ADVROB_DATA_CHECKSUM',
      `${name}: expected SHA-256 ${expected}, found ${found}: the file is damaged or another one; reinstall or fetch it again`,
    );
}
