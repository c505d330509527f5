import { AdvrobError, type Dataset } from '@advrob/core';
import * as z from 'zod';

export const norm = z.enum(['linf', 'l2', 'l1', 'l0']);

/** What a record says about data. */
export const dataDescription = z.strictObject({
  name: z.string(),
  /** `test`, `validation` or `train`. */
  split: z.string().optional(),
  length: z.int().min(1),
  hash: z.string(),
  inputShape: z.array(z.int().min(1)),
  numClasses: z.int().min(1),
  bounds: z.tuple([z.number(), z.number()]),
  classNames: z.array(z.string()).optional(),
});
export type DataDescription = z.infer<typeof dataDescription>;

/** What a record says about data. */
export function describeData(dataset: Dataset, split?: string): DataDescription {
  const { name, length, hash, inputShape, numClasses, bounds, classNames } = dataset;
  return {
    name,
    ...(split !== undefined && { split }),
    length,
    hash,
    inputShape: [...inputShape],
    numClasses,
    bounds: [...bounds],
    ...(classNames && { classNames: [...classNames] }),
  };
}

/** @throws AdvrobError `ADVROB_RECORD` for a text that is no JSON; `what` it should be. */
export function readJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw new AdvrobError('ADVROB_RECORD', `the ${what} is not JSON (${message}): is it complete?`, { cause });
  }
}
