import type { Tensor } from '@tensorflow/tfjs-core';
import type { Norm } from '../contract/index.js';
import { AdvrobError, nearNames } from '../errors.js';
import type { Bounds } from './geometry.js';

/** @throws AdvrobError `ADVROB_THREAT` saying which part of the threat is wrong. */
export function checkThreat(norm: string, known: readonly Norm[], epsilon: number, bounds: Bounds): void {
  if (!(known as readonly string[]).includes(norm)) {
    const [near] = nearNames(String(norm), known);
    throw new AdvrobError(
      'ADVROB_THREAT',
      `no norm '${String(norm)}': ${near === undefined ? `expected ${known.join(', ')}` : `did you mean ${near}?`}`,
    );
  }
  if (typeof epsilon !== 'number' || !(epsilon >= 0))
    throw new AdvrobError(
      'ADVROB_THREAT',
      `expected epsilon to be a number, 0 or more, found ${String(epsilon)}: give it in units of the model's bounds, e.g. 8 / 255 for [0, 1]`,
    );
  if (norm === 'l0' && epsilon !== Infinity && !Number.isInteger(epsilon))
    throw new AdvrobError(
      'ADVROB_THREAT',
      `expected epsilon of l0 to be the whole number of values that may change, found ${epsilon}`,
    );
  const [low, high] = bounds;
  if (!Number.isFinite(low) || !Number.isFinite(high) || !(low < high))
    throw new AdvrobError(
      'ADVROB_THREAT',
      `expected finite bounds [low, high] with low < high, found [${low}, ${high}]`,
    );
}

/** @throws AdvrobError `ADVROB_THREAT` when two batches differ in shape. */
export function checkSameShape(who: string, adv: Tensor, x: Tensor): void {
  if (adv.rank === x.rank && adv.shape.every((length, axis) => length === x.shape[axis])) return;
  throw new AdvrobError(
    'ADVROB_THREAT',
    `${who}: expected adversarial and clean examples of one shape, found [${adv.shape.join(', ')}] and [${x.shape.join(', ')}]`,
  );
}
