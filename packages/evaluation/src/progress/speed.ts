/** Measures how long the parts of an evaluation take per example, so that a slow attack does not spoil the estimate of a fast one. */
export interface Speed {
  /** `examples` went through `part` in `seconds`. */
  note(part: number, examples: number, seconds: number): void;
  /** Examples per second over everything noted; 0 before the first. */
  rate(): number;
  /** Seconds for `left` further examples of each part; undefined before anything is noted. */
  secondsFor(left: readonly number[]): number | undefined;
}

/** A fresh measurement of `parts` parts. */
export function createSpeed(parts: number): Speed {
  const examples = new Float64Array(parts);
  const seconds = new Float64Array(parts);
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  return {
    note(part, count, time) {
      examples[part]! += count;
      seconds[part]! += time;
    },
    rate: () => (sum(seconds) > 0 ? sum(examples) / sum(seconds) : 0),
    secondsFor(left) {
      if (sum(examples) === 0) return undefined;
      const overall = sum(seconds) / sum(examples);
      const each = (part: number): number => (examples[part]! > 0 ? seconds[part]! / examples[part]! : overall);
      return left.reduce((total, count, part) => total + count * each(part), 0);
    },
  };
}
