import { describe, expect, it } from 'vitest';
import { estimateMean, studentQuantile } from './student.js';

describe("Student's t", () => {
  it.each([
    // With one degree tan(π (p - 1/2)), with two (2p - 1) √(2 / (4 p (1 - p))): closed forms.
    [0.975, 1, Math.tan(Math.PI * 0.475)],
    [0.9, 1, Math.tan(Math.PI * 0.4)],
    [0.975, 2, 0.95 * Math.sqrt(2 / (4 * 0.975 * 0.025))],
    // Printed tables.
    [0.975, 4, 2.7764451052],
    [0.975, 9, 2.2621571628],
    [0.995, 30, 2.7499956536],
    [0.975, 1e6, 1.9599663],
  ])('quantile %s with %s degrees of freedom', (p, degrees, expected) => {
    expect(studentQuantile(p, degrees)).toBeCloseTo(expected, 6);
    expect(studentQuantile(1 - p, degrees)).toBeCloseTo(-expected, 6);
  });

  it('has its median at 0 and nothing outside of (0, 1)', () => {
    expect(studentQuantile(0.5, 3)).toBe(0);
    for (const p of [0, 1, -1, NaN]) expect(studentQuantile(p, 3)).toBeNaN();
  });
});

describe('estimateMean', () => {
  it('is that of a calculation by hand', () => {
    // Mean 0.5, deviation 0.1, t(0.975, 2) = 4.30265273: half 4.30265273 * 0.1 / √3.
    const { n, mean, deviation, interval } = estimateMean([0.4, 0.5, 0.6]);
    expect([n, mean]).toEqual([3, 0.5]);
    expect(deviation).toBeCloseTo(0.1, 12);
    expect(interval![0]).toBeCloseTo(0.5 - 0.2484138, 6);
    expect(interval![1]).toBeCloseTo(0.5 + 0.2484138, 6);
  });

  it('says of one value that it tells no interval', () => {
    expect(estimateMean([0.3])).toEqual({ n: 1, mean: 0.3, deviation: null, interval: null });
  });

  it('covers the mean of normal values 95 times of 100', () => {
    let seed = 1;
    const uniform = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const hits = Array.from({ length: 4000 }, () => {
      const [low, high] = estimateMean([normal(), normal(), normal()]).interval!;
      return low <= 0 && 0 <= high ? 1 : 0;
    });
    // Three standard errors of 4000 draws are 0.0103.
    expect(Math.abs(hits.reduce<number>((sum, hit) => sum + hit, 0) / 4000 - 0.95)).toBeLessThan(0.0103);
  });
});
