import { describe, expect, it } from 'vitest';
import {
  binomialQuantile,
  binomialTest,
  clopperPearson,
  logGamma,
  normalDistribution,
  normalQuantile,
} from '../statistics.js';

/** Computed with SciPy 1.17: beta.ppf(alpha, k, n - k + 1) and beta.ppf(1 - alpha, k + 1, n - k). */
const bounds = [
  [100, 100, 0.001, 0.933254300797, 1],
  [99, 100, 0.001, 0.911373111296, 0.999989995047],
  [60, 100, 0.001, 0.440984265221, 0.745463795421],
  [1000, 1000, 0.001, 0.993116048421, 1],
  [990, 1000, 0.001, 0.976036187155, 0.99703049907],
  [900, 1000, 0.001, 0.867464018026, 0.927069503708],
  [99900, 100000, 0.001, 0.998650992447, 0.999280688615],
  [100000, 100000, 0.001, 0.999930924833, 1],
  [51000, 100000, 0.001, 0.505109349244, 0.514889308908],
  [500, 1000, 0.05, 0.473517731236, 0.526482268764],
] as const;

describe('Clopper-Pearson', () => {
  it.each(bounds)('%d of %d at %f', (count, total, alpha, lower, upper) => {
    const found = clopperPearson(count, total, alpha);
    expect(found.lower).toBeCloseTo(lower, 11);
    expect(found.upper).toBeCloseTo(upper, 11);
  });

  it('keeps its digits for chances that are no numbers of their own', () => {
    expect(clopperPearson(1000, 1000, 1e-300).lower).toBeCloseTo(10 ** -0.3, 12);
    expect(clopperPearson(0, 1000, 0.001)).toMatchObject({ lower: 0 });
    expect(1 - clopperPearson(0, 1000, 0.001).upper).toBeCloseTo(0.993116048421, 11);
  });

  it('covers the truth: each bound is wrong with a chance of at most alpha, by enumeration', () => {
    let worst = 0;
    for (const alpha of [0.001, 0.05])
      for (const total of [1, 5, 12, 30]) {
        const found = Array.from({ length: total + 1 }, (_, count) => clopperPearson(count, total, alpha));
        for (let p = 0.01; p < 1; p += 0.01) {
          const chances = found.map((_, count) => chanceOf(count, total, p));
          const sum = (isWrong: (bound: { lower: number; upper: number }) => boolean): number =>
            chances.reduce((all, chance, count) => all + (isWrong(found[count]!) ? chance : 0), 0);
          for (const chance of [sum(({ lower }) => lower > p), sum(({ upper }) => upper < p)]) {
            expect(chance).toBeLessThanOrEqual(alpha * (1 + 1e-9));
            worst = Math.max(worst, chance / alpha);
          }
        }
      }
    // Not needlessly wide either: a two-sided interval would stay below a half.
    expect(worst).toBeGreaterThan(0.9);
  });

  it('refuses counts and levels that are none', () => {
    expect(() => clopperPearson(3, 2, 0.1)).toThrow('ADVROB_OPTION');
    expect(() => clopperPearson(1, 2, 0)).toThrow('alpha');
  });
});

describe('binomial test and quantile', () => {
  it.each([
    [60, 40, 0.056887933641],
    [51, 49, 0.920410762613],
    [70, 30, 7.85013964559e-5],
    [10, 0, 0.001953125],
    [9, 1, 0.021484375],
    [2, 0, 0.5],
    [1, 0, 1],
    [0, 0, 1],
    [5, 5, 1],
  ])('%d against %d', (a, b, p) => {
    expect(Math.abs(binomialTest(a, b) - p)).toBeLessThan(1e-10 * Math.max(p, 1e-3));
    expect(binomialTest(b, a)).toBe(binomialTest(a, b));
  });

  it.each([
    [2, 0.001],
    [20, 0.001],
    [500, 0.001],
    [30, 0.3],
  ])('the 0.999 quantile of Bin(%d, %f) is that of the sum of chances', (total, p) => {
    let sum = 0;
    let wanted = -1;
    while (sum < 0.999) sum += chanceOf(++wanted, total, p);
    expect(binomialQuantile(total, p, 0.999)).toBe(wanted);
  });

  it('the quantile of many draws, where each chance alone is no number', () => {
    const found = binomialQuantile(1_000_000, 0.001, 0.999);
    // Normal with a continuity and a skewness correction.
    expect(Math.abs(found - (1000 + 3.0902 * Math.sqrt(999) + (3.0902 ** 2 - 1) / 6))).toBeLessThan(1.5);
  });
});

describe('normal quantile', () => {
  it.each([
    [0.933254300797, 1.500475024],
    [0.976036187155, 1.978009582],
    [0.998650992447, 3.000200988],
    [0.999930924833, 3.811456563],
    [0.505109349244, 0.012807589],
    [1e-6, -4.753424308822899],
    [0.3, -0.5244005127080409],
    [0.975, 1.959963984540054],
    [0.99999, 4.264890793923841],
  ])('of %f', (p, x) => expect(normalQuantile(p)).toBeCloseTo(x, 8));

  it('undoes the distribution function, and ends in infinities', () => {
    for (const x of [-6, -3.5, -1.2, -0.3, 0, 0.7, 1.5, 4, 6.5])
      expect(normalQuantile(normalDistribution(x))).toBeCloseTo(x, Math.abs(x) > 5 ? 5 : 10);
    // statistics.NormalDist().inv_cdf of Python, whose code is another one of the same algorithm.
    expect(normalQuantile(1e-12)).toBeCloseTo(-7.034483825301131, 12);
    expect(normalQuantile(1e-300)).toBeCloseTo(-37.0471, 4);
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
    expect(normalQuantile(-1)).toBeNaN();
  });
});

it('logGamma is the logarithm of factorials', () => {
  let sum = 0;
  for (let n = 1; n < 200; n++) {
    sum += Math.log(n);
    expect(logGamma(n + 1)).toBeCloseTo(sum, 9);
  }
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 13);
});

function chanceOf(count: number, total: number, p: number): number {
  let ways = 1;
  for (let i = 0; i < count; i++) ways *= (total - i) / (i + 1);
  return ways * p ** count * (1 - p) ** (total - count);
}
