import { AdvrobError } from '@advrob/core';

/** Radii, each once and ascending. */
export function radiiOf(what: string, given: number | readonly number[], isUnbounded: boolean): number[] {
  const radii = [...new Set(typeof given === 'number' ? [given] : given)].sort((a, b) => a - b);
  if (radii.length > 0 && radii.every((radius) => radius >= 0 && (isUnbounded || radius < Infinity))) return radii;
  throw new AdvrobError(
    'ADVROB_OPTION',
    `epsilon of ${what}: expected one or more ${isUnbounded ? '' : 'finite '}numbers of at least 0, got [${radii.join(', ')}]`,
  );
}
