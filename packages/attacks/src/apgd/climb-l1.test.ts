import { describe, expect, it } from 'vitest';
import { largeBallPhases } from './climb-l1.js';

describe('large balls', () => {
  it.each([
    [100, [30, 30, 40]],
    [10, [3, 3, 4]],
    [7, [3, 3, 1]],
    [3, [1, 1, 1]],
  ])('%d steps', (total, expected) => {
    expect(largeBallPhases(total)).toEqual(expected.map((part, i) => [3 - i, part]));
  });
});
