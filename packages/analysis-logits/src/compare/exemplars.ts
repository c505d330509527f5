import type { ConfidenceComparison } from './confidences.js';

/** Positions in the data of the examples that a grid shows, the most extreme first. */
export interface ExemplarPositions {
  /** The robust model is more confident. */
  readonly positive: readonly number[];
  /** The standard model is more confident. */
  readonly negative: readonly number[];
}

/**
 * The `count` examples with the largest and with the smallest difference, among those that both models classify rightly: there a difference of confidence is
 * no mistake. Of equal differences the earlier example comes first; an example of difference 0 is in neither list.
 */
export function exemplarPositions(
  { bothCorrect }: Pick<ConfidenceComparison, 'bothCorrect'>,
  differences: ArrayLike<number>,
  count: number,
): ExemplarPositions {
  const sorted = bothCorrect
    .flatMap((isShown, i) => (isShown ? [i] : []))
    .sort((a, b) => differences[b]! - differences[a]! || a - b);
  return {
    positive: sorted.filter((i) => differences[i]! > 0).slice(0, count),
    negative: sorted
      .filter((i) => differences[i]! < 0)
      .sort((a, b) => differences[a]! - differences[b]! || a - b)
      .slice(0, count),
  };
}
