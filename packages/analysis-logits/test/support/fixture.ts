import { readFileSync } from 'node:fs';
import { logitMatrix, type LogitMatrix } from '../../src/logit-matrix.js';

/** What a script in tooling/oracle/logits wrote. */
export function readFixture<T>(name: string): T {
  const path = new URL(`../../../../tooling/oracle/logits/fixtures/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

export const matrixOf = (values: readonly number[], classes: number): LogitMatrix =>
  logitMatrix(Float32Array.from(values), classes);

/** Largest difference of two lists of equal length. */
export function farthest(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  return Math.max(...Array.from(expected, (value, i) => Math.abs(found[i]! - value)));
}
