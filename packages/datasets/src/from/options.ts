import { AdvrobError, type Dataset, type Splits } from '@advrob/core';
import { permutation } from '@advrob/core/random';
import * as z from 'zod';
import { defaultMaxBytes } from './files.js';

/** Options that every data set read from files has; {@link splitValidation} takes the first two. */
export const fileOptions = {
  validation: z
    .int()
    .min(0)
    .optional()
    .describe('Examples held out of train for validation; default a tenth of train, at most 5000'),
  seed: z.int().min(0).default(0).describe('Chooses which training examples are held out'),
  maxBytes: z
    .int()
    .min(1)
    .default(defaultMaxBytes)
    .describe('Largest file accepted, in bytes, also after decompression'),
};

/** Options of files that do not say how many classes there are; see {@link inferClasses}. */
export const classOptions = {
  numClasses: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Number of classes; default as many as classNames, else the largest label plus one, of the training part if there is one',
    ),
  classNames: z.array(z.string()).optional().describe('Names of the classes, in label order'),
};

export interface ValidationChoice {
  /** Examples to hold out of train; default a tenth of train, at most 5000. */
  readonly validation?: number | undefined;
  /** Chooses which. */
  readonly seed: number;
}

/**
 * Takes validation examples out of `all` by (seed); both parts keep the order of `all`, and their
 * ids are positions in it.
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

/**
 * {@link splitValidation}, or a test part alone where there is nothing to train on: enough to attack
 * and evaluate a model. Train and validation are empty then.
 *
 * @throws AdvrobError `ADVROB_OPTION` for validation examples out of nothing.
 */
export function splitsOf(all: Dataset | undefined, test: Dataset, choice: ValidationChoice): Splits {
  if (all !== undefined) return splitValidation(all, test, choice);
  if (choice.validation)
    throw new AdvrobError(
      'ADVROB_OPTION',
      `${test.name}: validation: there are no training examples to hold ${choice.validation} out of`,
    );
  return { train: test.take(0), validation: test.take(0), test };
}

/** More classes than any data set has: a label file that asks for them is damaged or none. */
const mostInferred = 65_536;

/**
 * The largest label plus one.
 *
 * @throws AdvrobError `ADVROB_LABEL` when that is no plausible number of classes.
 */
export function inferClasses(labels: ArrayLike<number>, name: string): number {
  let largest = 0;
  for (let i = 0; i < labels.length; i++) largest = Math.max(largest, labels[i]!);
  if (!(largest < mostInferred))
    throw new AdvrobError(
      'ADVROB_LABEL',
      `${name} labels: expected labels below ${mostInferred}, found ${largest}: check the label file, or set numClasses`,
    );
  return largest + 1;
}
