import { AdvrobError } from '../errors.js';
import { sha256 } from '../sha256.js';

/** Entry of a file's metadata with the SHA-256 of the file, its own 64 digits taken as zeros. */
export const checksumKey = 'advrob.sha256';
/** What stands there while the hash is made. */
export const noChecksum = '0'.repeat(64);

/** Puts the hash of an encoded file where {@link noChecksum} stands in it. */
export function seal(bytes: Uint8Array, headerEnd: number): void {
  const place = placeOf(bytes, headerEnd)!;
  bytes.set(new TextEncoder().encode(sha256(bytes)), place);
}

/** @throws AdvrobError `ADVROB_TENSOR_FILE` for a file that is not as it was sealed. */
export function checkSeal(bytes: Uint8Array, headerEnd: number, found: string, file: string): void {
  const place = placeOf(bytes, headerEnd);
  // Not slice(), which gives a view of a Node Buffer.
  const copy = new Uint8Array(bytes);
  if (place !== undefined) copy.fill(0x30, place, place + 64);
  if (place !== undefined && sha256(copy) === found) return;
  throw new AdvrobError(
    'ADVROB_TENSOR_FILE',
    `${file}: its SHA-256 is not the one that it was written with: it is damaged, and must be made anew. ` +
      `A program that changes such files on purpose has to leave ${checksumKey} out of their metadata`,
  );
}

/** Where the digits begin in the header; quotes inside of other texts have a backslash in front. */
function placeOf(bytes: Uint8Array, headerEnd: number): number | undefined {
  const key = `"${checksumKey}":"`;
  const place = new TextDecoder('latin1').decode(bytes.subarray(0, headerEnd)).indexOf(key);
  return place < 0 ? undefined : place + key.length;
}
