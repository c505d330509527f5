import { AdvrobError } from '@advrob/core';
import { crc32 } from 'node:zlib';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';

/**
 * The files of a zip archive whose name is `wanted`, decompressed and checked by their CRC-32.
 * Nothing is written to disk.
 *
 * @param maxBytes Largest size of all wanted files together after decompression; sizes that the
 *   archive states are not believed.
 * @throws AdvrobError `ADVROB_DATA_FORMAT` when it is no zip archive, is encrypted, or has a name
 *   that leaves the archive (`../`), `ADVROB_DATA_TOO_LARGE` above `maxBytes`,
 *   `ADVROB_DATA_CHECKSUM` when a file is damaged.
 */
export async function unzip(
  bytes: Uint8Array,
  maxBytes: number,
  wanted: (name: string) => boolean,
  name = 'zip archive',
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let left = maxBytes;
  try {
    const archive = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    for await (const entry of archive.eachEntry()) {
      if (!wanted(entry.fileName)) continue;
      const content = await readEntry(archive, entry, left, name);
      left -= content.length;
      files.set(entry.fileName, content);
    }
  } catch (cause) {
    if (cause instanceof AdvrobError) throw cause;
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected an intact zip archive with plain names, found another or a damaged one (${String(cause)}): fetch it again`,
      { cause },
    );
  }
  return files;
}

async function readEntry(archive: ZipFile, entry: Entry, maxBytes: number, name: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (await archive.openReadStreamPromise(entry)) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > maxBytes)
      throw new AdvrobError(
        'ADVROB_DATA_TOO_LARGE',
        `${name}: ${entry.fileName} and the files before it pass the limit after decompression: raise the option maxBytes if you trust the archive`,
      );
    parts.push(part);
  }
  const content = new Uint8Array(Buffer.concat(parts, size));
  if (crc32(content) !== entry.crc32)
    throw new AdvrobError('ADVROB_DATA_CHECKSUM', `${name}: ${entry.fileName} is damaged (CRC-32): fetch it again`);
  return content;
}
