/**
 * Every code an {@link AdvrobError} can carry. The errors page of the docs has an entry for each; a
 * test compares the two.
 */
export type ErrorCode = `ADVROB_${Uppercase<string>}`;

/**
 * The one error of advrob. `code` is stable and may be matched on; `message` says what was
 * expected, what was found and what to do.
 *
 * @example
 * ```ts
 * import { AdvrobError } from '@advrob/core';
 * throw new AdvrobError('ADVROB_SHAPE', 'expected images [n, 28, 28, 1], got [n, 784]: reshape them first');
 * ```
 */
export class AdvrobError extends Error {
  override readonly name = 'AdvrobError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(`${message} [${code}]`, options);
  }
}

/**
 * `"pgd", "fgsm"`-like names out of `known` that look like `name`, nearest first (edit distance at
 * most a third of the length, at least 2).
 */
export function nearNames(name: string, known: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3));
  return known
    .map((other) => ({ other, distance: editDistance(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ other, distance }) => distance <= limit || other.startsWith(name))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ other }) => other);
}

/**
 * The end of a message about a name that is not there: `did you mean pgd or mim?`, or `otherwise`
 * where nothing among `known` looks like `name`. Default: all that is known.
 */
export function didYouMean(name: string, known: readonly string[], otherwise = `known: ${known.join(', ')}`): string {
  const near = nearNames(name, known);
  return near.length > 0 ? `did you mean ${near.join(' or ')}?` : otherwise;
}

/** Letters put in, left out, replaced, or swapped with their neighbour, each once. */
function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replaced, isSwap ? older[j - 2]! + 1 : Infinity));
    }
    [older, row] = [row, next];
  }
  return row[b.length]!;
}
