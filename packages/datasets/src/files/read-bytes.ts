import { AdvrobError } from '@advrob/core';
import { open } from 'node:fs/promises';
import { gunzip, isGzip } from '../formats/gzip.js';

/** Largest file accepted by default, also after decompression: 1 GiB. */
export const defaultMaxBytes = 2 ** 30;

/**
 * The bytes of a file, decompressed when it is a gzip file (by its first bytes, whatever its name).
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` when it cannot be read, `ADVROB_DATA_TOO_LARGE` above `maxBytes`, `ADVROB_DATA_GZIP` when damaged.
 */
export async function readBytes(path: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await readCapped(path, maxBytes);
  return isGzip(bytes) ? gunzip(bytes, maxBytes, path) : bytes;
}

/** The bytes of a file as they are. @throws AdvrobError `ADVROB_DATA_MISSING`, `ADVROB_DATA_TOO_LARGE` above `maxBytes`. */
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
