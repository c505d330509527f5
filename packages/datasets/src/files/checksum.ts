import { AdvrobError } from '@advrob/core';
import { createHash } from 'node:crypto';

/** @throws AdvrobError `ADVROB_DATA_CHECKSUM` when the SHA-256 of `bytes` is not `expected` (hex). */
export function checkSha256(bytes: Uint8Array, expected: string, name: string): void {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== expected)
    throw new AdvrobError(
      'ADVROB_DATA_CHECKSUM',
      `${name}: expected SHA-256 ${expected}, found ${found}: the file is damaged or another one; reinstall or fetch it again`,
    );
}
