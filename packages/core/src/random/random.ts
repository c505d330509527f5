import { tensor } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Random } from '../contract/index.js';
import { laplace, normal, uniform } from './distributions.js';
import type { Distribution } from './distributions.js';
import { fillRow, nameKey, numberKey, sizeOf } from './stream-key.js';

/** {@link Random} that can move to another step. */
export interface SteppedRandom extends Random {
  /** Laplace with location 0 and scale 1, float32. */
  laplace(purpose: string, shape: readonly number[]): Tensor;
  /** The same seed at another step: an integer from 0 to 2^53 - 1. */
  at(step: number): SteppedRandom;
}

/**
 * Seeded randomness for what has no examples as its rows: weights, dropout, noise on weights. Each
 * tensor belongs to the caller.
 *
 * @param options - `seed`: an integer from 0 to 2^53 - 1; `step`: the same range, default 0.
 * @throws AdvrobError `ADVROB_SEED` for another seed or step; the draws throw `ADVROB_RANGE` for
 *   an empty range.
 * @example
 * ```ts
 * import { createRandom } from '@advrob/core/random';
 * const rng = createRandom({ seed: 7 });
 * const weights = rng.normal('dense/kernel', [784, 10]);
 * const noise = rng.at(12).uniform('noise', [784, 10], -0.1, 0.1);
 * ```
 */
export function createRandom(options: { readonly seed: number; readonly step?: number }): SteppedRandom {
  const { seed, step = 0 } = options;
  numberKey(nameKey(seed), 'step', step);
  const draw = (purpose: string, shape: readonly number[], distribution: Distribution): Tensor => {
    const key = numberKey(nameKey(seed, 'whole', purpose), 'step', step);
    const values = new Float32Array(sizeOf(shape));
    const words = new Uint32Array(values.length + 1);
    fillRow(words, 0, values.length, key);
    distribution(words, values);
    return tensor(values, [...shape], 'float32');
  };
  return {
    uniform: (purpose, shape, low, high) => draw(purpose, shape, uniform(low, high)),
    normal: (purpose, shape) => draw(purpose, shape, normal),
    laplace: (purpose, shape) => draw(purpose, shape, laplace),
    at: (other) => createRandom({ seed, step: other }),
  };
}
