import { AdvrobError, type Dataset } from '@advrob/core';
import { identifyData } from '@advrob/core/identity';
import * as z from 'zod';

export const norm = z.enum(['linf', 'l2', 'l1', 'l0']);

/**
 * An id that becomes part of the name of a file. A record may come from anyone, and a file of its
 * report must not land elsewhere.
 */
export const fileId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'letters, digits, dots, hyphens and underscores, at most 100');

/** How many float32 values a text holds that `encodeFloats` made. */
export function floatCount(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return ((base64.length / 4) * 3 - padding) / 4;
}

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
  const { name, ...rest } = identifyData(dataset);
  return { name, ...(split !== undefined && { split }), ...rest };
}

/** Deeper JSON is no record, and whoever walks through it runs out of stack. */
const mostNested = 100;

/**
 * @throws AdvrobError `ADVROB_RECORD` for a text that is no JSON, or nested too deep; `what` it
 *   should be.
 */
export function readJson(what: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw new AdvrobError('ADVROB_RECORD', `the ${what} is not JSON (${message}): is it complete?`, { cause });
  }
  for (let level = [value], depth = 0; level.length > 0; depth++) {
    if (depth > mostNested)
      throw new AdvrobError('ADVROB_RECORD', `the ${what} is nested deeper than ${mostNested} levels`);
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return value;
}
