import { tensor } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { RowRandom } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { laplace, normal, uniform } from './distributions.js';
import type { Distribution } from './distributions.js';
import { descend, fillRow, nameKey, numberKey, sizeOf } from './stream-key.js';

/** What {@link createRowRandom} needs to know of the rows. */
export interface RowRandomOptions {
  /** An integer from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Identity of each example. */
  readonly ids: Int32Array;
  /**
   * A number `k`: row `r` is lane `r % k` of the example `ids[floor(r / k)]`, `ids.length * k` rows
   * in all. An array as long as `ids`: row `r` is lane `lanes[r]` of the example `ids[r]`, so that
   * any subset of rows can be named. Default 1.
   */
  readonly lanes?: number | Int32Array;
  /**
   * The step inside an attack, asked at every draw; an integer from 0 to 2^53 - 1. Default always
   * 0.
   */
  readonly counter?: () => number;
  /** The step of the training run around the attack; an integer from 0 to 2^53 - 1. Default 0. */
  readonly step?: number;
  /**
   * Sets apart two users of one seed, such as the attacks of an ensemble. Default the empty string.
   */
  readonly scope?: string;
}

/**
 * Seeded randomness for the rows of a batch: what a row gets depends on (seed, scope, purpose,
 * step, counter, id, lane) alone. Each tensor belongs to the caller.
 *
 * @throws AdvrobError `ADVROB_SEED` for a seed, step, counter or number of lanes out of range;
 *   the draws throw `ADVROB_RANGE` for an empty range.
 * @example
 * ```ts
 * import { createRowRandom } from '@advrob/core/random';
 * const rng = createRowRandom({ seed: 0, ids: Int32Array.of(41, 7), lanes: 2 });
 * const noise = rng.normal('start', [28, 28, 1]); // [4, 28, 28, 1]; rows 2 and 3 are lanes 0 and 1 of example 7
 * ```
 */
export function createRowRandom(options: RowRandomOptions): RowRandom {
  const { seed, ids, lanes = 1, counter = () => 0, step = 0, scope = '' } = options;
  numberKey(nameKey(seed), 'step', step);
  const { rows, idOf, laneOf } = layout(ids, lanes);

  const draw = (purpose: string, perRow: readonly number[], distribution: Distribution): Tensor => {
    const trained = numberKey(nameKey(seed, 'rows', scope, purpose), 'step', step);
    const stream = numberKey(trained, 'counter', counter());
    const size = sizeOf(perRow);
    const words = new Uint32Array(rows * size + 1);
    for (let row = 0; row < rows; row++) fillRow(words, row * size, size, descend(stream, idOf(row), laneOf(row)));
    const values = new Float32Array(rows * size);
    distribution(words, values);
    return tensor(values, [rows, ...perRow], 'float32');
  };
  return {
    uniform: (purpose, perRow, low, high) => draw(purpose, perRow, uniform(low, high)),
    normal: (purpose, perRow) => draw(purpose, perRow, normal),
    laplace: (purpose, perRow) => draw(purpose, perRow, laplace),
  };
}

function layout(ids: Int32Array, lanes: number | Int32Array) {
  if (typeof lanes !== 'number') {
    if (lanes.length !== ids.length)
      throw new AdvrobError(
        'ADVROB_SEED',
        `expected one lane per id, found ${lanes.length} lanes for ${ids.length} ids`,
      );
    return { rows: ids.length, idOf: (row: number) => ids[row]!, laneOf: (row: number) => lanes[row]! };
  }
  if (!Number.isInteger(lanes) || lanes < 1)
    throw new AdvrobError('ADVROB_SEED', `expected a whole number of lanes, at least 1, found ${lanes}`);
  return {
    rows: ids.length * lanes,
    idOf: (row: number) => ids[Math.floor(row / lanes)]!,
    laneOf: (row: number) => row % lanes,
  };
}
