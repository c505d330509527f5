import { AdvrobError } from '../errors.js';
import { fillRow, nameKey, numberKey } from './stream-key.js';
import type { StreamKey } from './stream-key.js';

/**
 * `count` integers, each from `low` (inclusive) to `high` (exclusive) with equal chances, as a
 * plain array on the host.
 *
 * @param step - An integer from 0 to 2^53 - 1, e.g. the epoch. Default 0.
 * @throws AdvrobError `ADVROB_SEED` for a seed or step out of range, `ADVROB_RANGE` when [low,
 *   high) holds no int32.
 */
export function integers(
  seed: number,
  purpose: string,
  count: number,
  low: number,
  high: number,
  step = 0,
): Int32Array {
  if (!Number.isInteger(low) || !Number.isInteger(high) || low >= high || low < -(2 ** 31) || high > 2 ** 31)
    throw new AdvrobError('ADVROB_RANGE', `expected integers low < high within int32, found [${low}, ${high})`);
  const fractions = hostFractions(numberKey(nameKey(seed, 'integers', purpose), 'step', step), count);
  return Int32Array.from({ length: count }, (_, i) => low + Math.floor(fractions[i]! * (high - low)));
}

/**
 * A permutation of 0 to `n - 1`, every order with equal chances (Fisher and Yates), as a plain
 * array on the host.
 *
 * @param step - An integer from 0 to 2^53 - 1, e.g. the epoch. Default 0.
 * @throws AdvrobError `ADVROB_SEED` for a seed or step out of range.
 * @example
 * ```ts
 * import { permutation } from '@advrob/core/random';
 * const order = permutation(0, 'shuffle', 60000, 3); // of epoch 3
 * ```
 */
export function permutation(seed: number, purpose: string, n: number, step = 0): Int32Array {
  const fractions = hostFractions(numberKey(nameKey(seed, 'permutation', purpose), 'step', step), n);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(fractions[i]! * (i + 1));
    const taken = order[i]!;
    order[i] = order[j]!;
    order[j] = taken;
  }
  return order;
}

/**
 * `count` numbers in [0, 1) with 53 random bits, so that a choice among up to 2^31 is fair to one
 * part in four million.
 */
function hostFractions(key: StreamKey, count: number): Float64Array {
  const words = new Uint32Array(2 * count);
  fillRow(words, 0, words.length, key);
  return Float64Array.from(
    { length: count },
    (_, i) => ((words[2 * i]! >>> 5) * 2 ** 26 + (words[2 * i + 1]! >>> 6)) * 2 ** -53,
  );
}
