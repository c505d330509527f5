import { describe, expect, it } from 'vitest';
import { integers, permutation } from './host-draws.js';

describe('permutation', () => {
  it('has every number once', () => {
    for (const n of [0, 1, 2, 17, 1000])
      expect([...permutation(4, 'shuffle', n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  it('depends on seed, purpose and step alone', () => {
    const order = permutation(4, 'shuffle', 100, 2);
    expect(permutation(4, 'shuffle', 100, 2)).toEqual(order);
    for (const other of [
      permutation(5, 'shuffle', 100, 2),
      permutation(4, 'split', 100, 2),
      permutation(4, 'shuffle', 100, 3),
    ])
      expect(other).not.toEqual(order);
  });

  it('gives every order with equal chances', () => {
    const counts = new Map<string, number>();
    for (let step = 0; step < 12_000; step++) {
      const order = permutation(0, 'fair', 4, step).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquared = [...counts.values()].reduce((total, count) => total + (count - 500) ** 2 / 500, 0);
    expect(chiSquared).toBeLessThan(49.7); // 23 degrees of freedom, one in a thousand
  });

  it('refuses a seed that is no integer', () => expect(() => permutation(1.5, 'shuffle', 3)).toThrow(/ADVROB_SEED/));
});

describe('integers', () => {
  it('have equal chances from low to below high', () => {
    const counts = new Map<number, number>();
    for (const value of integers(9, 'class', 50_000, -2, 5)) counts.set(value, (counts.get(value) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3, 4]);
    const expected = 50_000 / 7;
    const chiSquared = [...counts.values()].reduce((total, count) => total + (count - expected) ** 2 / expected, 0);
    expect(chiSquared).toBeLessThan(22.5); // 6 degrees of freedom, one in a thousand
  });

  it('reach over all of int32', () => {
    const values = integers(9, 'wide', 2000, -(2 ** 31), 2 ** 31);
    expect(Math.min(...values)).toBeLessThan(-2.1e9);
    expect(Math.max(...values)).toBeGreaterThan(2.1e9);
  });

  it.each([
    [3, 3],
    [0, 0.5],
    [0, 2 ** 40],
  ])('refuse [%d, %d)', (low, high) => expect(() => integers(0, 'a', 1, low, high)).toThrow(/ADVROB_RANGE/));
});
