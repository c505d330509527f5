import { AdvrobError } from '@advrob/core';
import { normalQuantile } from '@advrob/core/statistics';
import * as z from 'zod';

/** A share of examples with its interval. */
export interface Proportion {
  readonly count: number;
  readonly total: number;
  /** `count / total`. */
  readonly rate: number;
  /** Wilson interval at 95%. */
  readonly interval: [low: number, high: number];
}

/** A {@link Proportion} in records and cards. */
export const proportion = z.strictObject({
  count: z.int().min(0),
  total: z.int().min(0),
  rate: z.number().min(0).max(1),
  interval: z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]),
});

/** `count` of `total` with its Wilson 95% interval. */
export function proportionOf(count: number, total: number): Proportion {
  return { count, total, rate: total === 0 ? 0 : count / total, interval: wilsonInterval(count, total) };
}

/**
 * Wilson's score interval of a proportion, in [0, 1]: keeps its coverage near 0 and 1 and for few
 * examples, where the usual plus or minus fails. Wilson 1927, "Probable Inference, the Law of
 * Succession, and Statistical Inference", JASA 22(158):
 * (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).
 *
 * @param count - Successes, 0 to `total`; the interval is [0, 1] when `total` is 0.
 * @param confidence - In (0, 1), at most 1 - 1e-8. Default 0.95.
 * @throws AdvrobError `ADVROB_OPTION` for counts or a confidence out of range.
 * @example
 * ```ts
 * import { wilsonInterval } from '@advrob/evaluation';
 * wilsonInterval(89, 100); // [0.8137, 0.9375]
 * ```
 */
export function wilsonInterval(count: number, total: number, confidence = 0.95): [low: number, high: number] {
  if (!Number.isInteger(count) || !Number.isInteger(total) || count < 0 || count > total)
    throw new AdvrobError('ADVROB_OPTION', `expected whole numbers 0 <= count <= total, got ${count} of ${total}`);
  if (!(confidence > 0 && confidence <= 1 - 1e-8))
    throw new AdvrobError('ADVROB_OPTION', `confidence: expected a number in (0, 1), got ${confidence}`);
  if (total === 0) return [0, 1];
  const z = normalQuantile((1 + confidence) / 2);
  const rate = count / total;
  const scale = 1 + (z * z) / total;
  const centre = (rate + (z * z) / (2 * total)) / scale;
  const half = (z * Math.sqrt((rate * (1 - rate)) / total + (z * z) / (4 * total * total))) / scale;
  // At the ends the exact bound is the end itself; rounding must not step over it.
  return [count === 0 ? 0 : Math.max(0, centre - half), count === total ? 1 : Math.min(1, centre + half)];
}
