import { AdvrobError } from '@advrob/core';

/** SHA-256 as lower-case hex, by Web Crypto: in Node, and in pages served by https or from localhost. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (subtle === undefined)
    throw new AdvrobError(
      'ADVROB_PLATFORM',
      'hashing needs Web Crypto: serve the page by https or from localhost, or give `modelHash`',
    );
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
