import type { StreamKey } from './stream-key.js';
import { threefry2x32 } from './threefry.js';

/**
 * Writes the first `count` random words of `key` to `words` from `at` on. An odd count writes one word more, so rows are filled in order and the
 * array needs one spare place.
 */
export function fillRow(words: Uint32Array, at: number, count: number, key: StreamKey): void {
  const [key0, key1] = key;
  for (let i = 0; i < count; i += 2) threefry2x32(key0, key1, i >>> 1, 0, words, at + i);
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
