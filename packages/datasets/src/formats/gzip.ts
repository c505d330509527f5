import { AdvrobError } from '@advrob/core';
import { gunzipSync } from 'node:zlib';

/** Whether bytes begin like a gzip file. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses a gzip file and checks its CRC-32. Output is counted as it comes; the size in the
 * file's trailer is not believed.
 *
 * @param maxBytes Largest accepted size after decompression.
 * @throws AdvrobError `ADVROB_DATA_TOO_LARGE` above `maxBytes`, `ADVROB_DATA_GZIP` when the file is
 *   damaged or truncated.
 */
export function gunzip(bytes: Uint8Array, maxBytes: number, name = 'gzip file'): Uint8Array {
  try {
    const { buffer, byteOffset, length } = gunzipSync(bytes, {
      maxOutputLength: maxBytes,
      chunkSize: blockSize(bytes.length),
    });
    return new Uint8Array(buffer, byteOffset, length);
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new AdvrobError(
        'ADVROB_DATA_TOO_LARGE',
        `${name}: expected at most ${maxBytes} bytes after decompression, found more: raise the option maxBytes if you trust the file`,
        { cause },
      );
    throw new AdvrobError(
      'ADVROB_DATA_GZIP',
      `${name}: expected an intact gzip file, found a damaged or truncated one (${String(cause)}): fetch it again`,
      { cause },
    );
  }
}

/**
 * Output is collected in blocks of this many bytes: the file's own size within limits, so that a
 * tiny file costs little memory.
 */
function blockSize(fileSize: number): number {
  return Math.min(Math.max(fileSize, 1024), 65536);
}
