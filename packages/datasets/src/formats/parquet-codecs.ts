import { AdvrobError } from '@advrob/core';
import type { Compressors } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** Largest block of a Zstandard frame after decompression. */
const zstdBlock = 128 * 1024;

/**
 * The decompressors of Parquet pages, stopped before all of them together write more than
 * `maxBytes`, and each with the length that its page says.
 *
 * @throws AdvrobError `ADVROB_DATA_TOO_LARGE` from a decompressor.
 */
export function limitedCodecs(maxBytes: number, name: string): Compressors {
  let left = maxBytes;
  const tooLarge = (): AdvrobError =>
    new AdvrobError(
      'ADVROB_DATA_TOO_LARGE',
      `${name}: more than ${maxBytes} bytes after decompression: raise the option maxBytes if you trust the file`,
    );
  const wrapped = Object.entries(compressors).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, outputLength: number) => {
      left -= outputLength;
      if (!(left >= 0 && outputLength >= 0)) throw tooLarge();
      // Of all decompressors this one alone gives what the input asks for, not what the page says.
      if (codec === 'ZSTD' && zstdMost(input) > Math.max(outputLength, maxBytes)) throw tooLarge();
      return decompress!(input, outputLength);
    },
  ]);
  return Object.fromEntries(wrapped) as Compressors;
}

/**
 * What Zstandard frames (RFC 8878) can take at most while they are decompressed: their windows, and
 * their blocks, each by its header.
 */
function zstdMost(input: Uint8Array): number {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  let most = 0;
  for (let at = 0; at + 4 <= input.length;) {
    const magic = view.getUint32(at, true);
    if (magic >>> 4 === 0x184d2a5) {
      at += 8 + view.getUint32(at + 4, true);
      continue;
    }
    const descriptor = view.getUint8(at + 4);
    const isSingle = (descriptor & 0x20) !== 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
    const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    const window = isSingle ? 0 : view.getUint8(at + 5);
    most += isSingle ? 0 : 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
    at += 5 + (isSingle ? 0 : 1) + dictionaryBytes;
    let size = sizeBytes === 2 ? 256 : 0;
    for (let i = 0; i < sizeBytes; i++) size += view.getUint8(at + i) * 2 ** (8 * i);
    most += size;
    at += sizeBytes;
    for (let isLast = false; !isLast;) {
      const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
      const [type, length] = [(header >> 1) & 3, header >> 3];
      isLast = (header & 1) !== 0;
      most += type === 2 ? zstdBlock : length;
      at += 3 + (type === 1 ? 1 : length);
    }
    at += descriptor & 4 ? 4 : 0;
  }
  return most;
}
