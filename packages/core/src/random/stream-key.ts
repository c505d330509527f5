import { AdvrobError } from '../errors.js';
import { threefry2x32 } from './threefry.js';

/** A Threefry key: two words of 32 bits. */
export type StreamKey = readonly [number, number];

/**
 * The key that follows from `key` and one more coordinate of 64 bits. Threefry is a bijection for
 * every key, so two coordinates under one key never give the same key.
 */
export function descend(key: StreamKey, low: number, high: number): StreamKey {
  const out = new Uint32Array(2);
  threefry2x32(key[0], key[1], low, high, out, 0);
  return [out[0]!, out[1]!];
}

/**
 * The key of a seed and a few names.
 *
 * @throws AdvrobError `ADVROB_SEED` when the seed is no integer from 0 to 2^53 - 1.
 */
export function nameKey(seed: number, ...names: readonly string[]): StreamKey {
  let key = words(checkedInteger('seed', seed));
  for (const name of names) {
    // The length first: ('ab', 'c') and ('a', 'bc') must not meet.
    key = descend(key, name.length, names.length);
    for (let i = 0; i < name.length; i += 4)
      key = descend(key, unit(name, i) | (unit(name, i + 1) << 16), unit(name, i + 2) | (unit(name, i + 3) << 16));
  }
  return key;
}

/**
 * The key of a further number from 0 to 2^53 - 1, such as a step.
 *
 * @throws AdvrobError `ADVROB_SEED` for any other number.
 */
export function numberKey(key: StreamKey, what: string, value: number): StreamKey {
  return descend(key, ...words(checkedInteger(what, value)));
}

function checkedInteger(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new AdvrobError(
    'ADVROB_SEED',
    `expected ${what} to be an integer from 0 to 2^53 - 1, found ${String(value)}: pass a whole number such as 0`,
  );
}

function words(value: number): StreamKey {
  return [value >>> 0, Math.floor(value / 2 ** 32)];
}

function unit(name: string, at: number): number {
  return at < name.length ? name.charCodeAt(at) : 0;
}

/**
 * Writes the first `count` random words of `key` to `words` from `at` on. An odd count writes one
 * word more, so rows are filled in order and the array needs one spare place.
 */
export function fillRow(words: Uint32Array, at: number, count: number, key: StreamKey): void {
  const [key0, key1] = key;
  for (let i = 0; i < count; i += 2) threefry2x32(key0, key1, i >>> 1, 0, words, at + i);
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
