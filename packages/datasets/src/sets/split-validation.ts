import type { Dataset, Splits } from '@advrob/core';
import { AdvrobError } from '@advrob/core';
import { permutation } from '@advrob/core/random';

export interface ValidationChoice {
  /** Examples to hold out of train; default a tenth of train, at most 5000. */
  readonly validation?: number | undefined;
  /** Chooses which. */
  readonly seed: number;
}

/**
 * Takes validation examples out of `all` by (seed); both parts keep the order of `all`, and their ids are positions in it.
 *
 * @throws AdvrobError `ADVROB_OPTION` when nothing would be left to train on.
 */
export function splitValidation(all: Dataset, test: Dataset, { validation, seed }: ValidationChoice): Splits {
  const held = validation ?? Math.min(5000, Math.floor(all.length / 10));
  if (held >= all.length)
    throw new AdvrobError(
      'ADVROB_OPTION',
      `${all.name}: validation must be below the ${all.length} training examples, got ${held}`,
    );
  const shuffled = permutation(seed, 'dataset/validation', all.length);
  return {
    train: all.subset(shuffled.slice(held).sort()),
    validation: all.subset(shuffled.slice(0, held).sort()),
    test,
  };
}
