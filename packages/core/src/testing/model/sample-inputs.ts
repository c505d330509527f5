import type { Tensor } from '@tensorflow/tfjs-core';
import type { Classifier } from '../../contract/index.js';
import { createRandom } from '../../random.js';

/**
 * One question to a model; `again` is the same model made a second time, alive at the same time.
 */
export type ModelCheck = (model: Classifier, again: Classifier) => void | Promise<void>;

/** `count` random inputs inside the bounds; the same for the same model. */
export function sampleInputs({ inputShape, bounds: [low, high] }: Classifier, count: number): Tensor {
  return createRandom({ seed: 1 }).uniform('model contract/inputs', [count, ...inputShape], low, high);
}

/** A source for dropout masks. */
export const rng = createRandom({ seed: 2 });

/** Largest absolute difference. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

/** Largest absolute value. */
export function magnitude(values: ArrayLike<number>): number {
  return Array.from(values).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}
