import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logLogSlope, meanOf, medianOf, slopeOf } from './statistics.js';

const numbers = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 9 });

describe('statistics of numbers', () => {
  it('mean and median minimise the sums of squared and of absolute differences', () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: -100, max: 100, noNaN: true }), (values, other) => {
        const sum = (at: number, power: 1 | 2) =>
          values.reduce((total, value) => total + Math.abs(value - at) ** power, 0);
        expect(sum(meanOf(values), 2)).toBeLessThanOrEqual(sum(other, 2) + 1e-8);
        expect(sum(medianOf(values), 1)).toBeLessThanOrEqual(sum(other, 1) + 1e-8);
      }),
    );
    expect(medianOf([5, 1, 2, 10])).toBe(3.5);
    expect(meanOf([])).toBeNaN();
    expect(medianOf([])).toBeNaN();
  });

  it('slopeOf finds the line that points lie on, and needs two different x', () => {
    expect(slopeOf([0, 1, 5].map((x) => [x, 3 - 2 * x] as const))).toBeCloseTo(-2, 12);
    // By hand: x - mean = (-1, 0, 1), y = (0, 3, 2).
    expect(
      slopeOf([
        [0, 0],
        [1, 3],
        [2, 2],
      ]),
    ).toBe(1);
    expect(
      slopeOf([
        [1, 2],
        [1, 3],
      ]),
    ).toBeNull();
    expect(slopeOf([])).toBeNull();
  });

  it('logLogSlope is the exponent of a power law', () => {
    expect(logLogSlope([0.01, 0.1, 3].map((x) => [x, 7 * x ** 1.5] as const))).toBeCloseTo(1.5, 12);
  });
});
