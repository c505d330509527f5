import { meanOf } from '@advrob/core/statistics';

/**
 * Of a list of numbers in which null stands for "more than was looked at". Quantiles that fall
 * there are null.
 */
export interface Summary {
  readonly count: number;
  /** Share of entries that are not null. */
  readonly share: number;
  readonly min: number | null;
  readonly median: number | null;
  readonly max: number | null;
  /** Of all entries; null if any is. */
  readonly mean: number | null;
  readonly [key: string]: number | null;
}

export function summarize(values: readonly (number | null)[]): Summary {
  const numbers = values.filter((value) => value !== null).sort((a, b) => a - b);
  const at = (place: number): number | null => numbers[place] ?? null;
  const [below, above] = [at(Math.floor((values.length - 1) / 2)), at(Math.floor(values.length / 2))];
  const isWhole = numbers.length === values.length && numbers.length > 0;
  return {
    count: values.length,
    share: values.length === 0 ? 0 : numbers.length / values.length,
    min: at(0),
    median: below === null || above === null ? null : (below + above) / 2,
    max: isWhole ? numbers.at(-1)! : null,
    mean: isWhole ? meanOf(numbers) : null,
  };
}
