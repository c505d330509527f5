import type { Splits } from '@advrob/core';
import * as z from 'zod';

/**
 * The option of a data set that is made from another one: what a data set's factory returned. A
 * config names it, as `mnist` or `{ name, options }`; the mark `advrob: 'dataset'` tells the reader
 * of configs so.
 */
export const innerDataset: z.ZodType<Splits | Promise<Splits>, Splits | Promise<Splits>> = z
  .any()
  .refine(isSplits, 'expected a data set with its options, such as mnist()')
  .meta({ advrob: 'dataset' })
  .describe('data set that this one is made from');

/** The parts of a data set, each changed by `change`. */
export async function mapSplits(
  given: Splits | Promise<Splits>,
  change: (part: Splits['train'], name: keyof Splits) => Splits['train'] | Promise<Splits['train']>,
): Promise<Splits> {
  const { train, validation, test } = await given;
  return {
    train: await change(train, 'train'),
    validation: await change(validation, 'validation'),
    test: await change(test, 'test'),
  };
}

function isSplits(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return 'then' in value || ('train' in value && 'validation' in value && 'test' in value);
}
