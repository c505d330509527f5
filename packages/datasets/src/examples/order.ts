import type { BatchOptions } from '@advrob/core';
import { AdvrobError } from '@advrob/core';
import { permutation } from '@advrob/core/random';

/** Batch options with every default filled in and the numbers checked. */
export interface Course {
  readonly size: number;
  readonly dropLast: boolean;
  /** Positions within the selection, in the order of this epoch; undefined: ascending. */
  readonly order: Int32Array | undefined;
  /** First place in that order. */
  readonly from: number;
}

/**
 * Which examples come when: data-set order without a seed, else a permutation of (seed, epoch).
 *
 * @throws AdvrobError `ADVROB_OPTION` when a number is out of range.
 */
export function courseOf({ size, seed, epoch = 0, from = 0, dropLast = false }: BatchOptions, length: number): Course {
  checkWhole({ size }, 1);
  checkWhole({ epoch, from, ...(seed === undefined ? {} : { seed }) }, 0);
  if (from > length)
    throw new AdvrobError('ADVROB_OPTION', `batches: from is ${from}, but the data set has ${length} examples`);
  return {
    size,
    dropLast,
    from,
    order: seed === undefined ? undefined : permutation(seed, 'dataset/order', length, epoch),
  };
}

function checkWhole(numbers: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(numbers))
    if (!Number.isSafeInteger(value) || value < least)
      throw new AdvrobError(
        'ADVROB_OPTION',
        `batches: expected ${name} to be a whole number >= ${least}, got ${value}`,
      );
}
