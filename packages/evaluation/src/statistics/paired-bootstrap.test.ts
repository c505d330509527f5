import { describe, expect, it } from 'vitest';
import { pairedBootstrap } from './paired-bootstrap.js';

describe('paired bootstrap', () => {
  it('comes close to the normal interval of the mean difference', () => {
    const n = 800;
    const first = Array.from({ length: n }, (_, i) => i % 10 < 7);
    const second = Array.from({ length: n }, (_, i) => i % 20 < 11);
    const { difference, interval } = pairedBootstrap(first, second, { resamples: 4000, seed: 3 });
    const differences = first.map((value, i) => Number(value) - Number(second[i]));
    const mean = differences.reduce((sum, value) => sum + value, 0) / n;
    const deviation = Math.sqrt(differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n / n);
    expect(difference).toBeCloseTo(mean, 12);
    // 4,000 draws place a 2.5% quantile to about 0.06 standard deviations.
    expect(Math.abs(interval[0] - (mean - 1.96 * deviation))).toBeLessThan(0.25 * deviation);
    expect(Math.abs(interval[1] - (mean + 1.96 * deviation))).toBeLessThan(0.25 * deviation);
  });

  it('draws counts as rows would be drawn: mean, spread and third moment of the multinomial', () => {
    // 12 examples: 5 in which the first alone is right, 1 in which the second is.
    const first = Array.from({ length: 12 }, (_, i) => i < 8);
    const second = Array.from({ length: 12 }, (_, i) => (i >= 5 && i < 8) || i === 9);
    const bounds = [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98];
    // The distribution of the sum of 12 draws of +1 (5/12), -1 (1/12), 0, by convolution.
    let chances = new Map([[0, 1]]);
    for (let draw = 0; draw < 12; draw++) {
      const next = new Map<number, number>();
      for (const [sum, chance] of chances)
        for (const [value, share] of [
          [1, 5 / 12],
          [-1, 1 / 12],
          [0, 1 / 2],
        ] as const)
          next.set(sum + value, (next.get(sum + value) ?? 0) + chance * share);
      chances = next;
    }
    const atMost = (sum: number): number =>
      [...chances].reduce((total, [value, chance]) => total + (value <= sum ? chance : 0), 0);
    for (const share of bounds.filter((bound) => bound > 0.5)) {
      const { interval } = pairedBootstrap(first, second, { resamples: 20_000, confidence: 2 * share - 1, seed: 5 });
      const [low, high] = interval.map((mean) => Math.round(12 * mean));
      // A quantile of 20,000 draws lies within four standard deviations of its share.
      const slack = 4 * Math.sqrt((share * (1 - share)) / 20_000);
      expect(atMost(high!)).toBeGreaterThan(share - slack);
      expect(atMost(high! - 1)).toBeLessThan(share + slack);
      expect(atMost(low!)).toBeGreaterThan(1 - share - slack);
      expect(atMost(low! - 1)).toBeLessThan(1 - share + slack);
    }
  });

  it('draws as often among many examples as among few, and numbers of many values row by row', () => {
    const n = 20_000;
    const first = Array.from({ length: n }, (_, i) => i % 10 < 7);
    const second = Array.from({ length: n }, (_, i) => i % 20 < 11);
    const { interval, difference } = pairedBootstrap(first, second);
    expect(difference).toBeCloseTo(0.15, 12);
    // By rows this takes a minute.
    expect((interval[1] - interval[0]) / 2).toBeCloseTo(1.96 * Math.sqrt((0.3 + 0.15 - 0.15 ** 2) / n), 3.5);
    const values = Array.from({ length: 50 }, (_, i) => i / 50);
    const { interval: spread } = pairedBootstrap(values, new Array<number>(50).fill(0), { resamples: 2000 });
    expect(spread[0]).toBeGreaterThan(0.37);
    expect(spread[1]).toBeLessThan(0.61);
  });

  it('has no width for equal models, repeats with its seed, and refuses nonsense', () => {
    const values = [1, 0, 1, 1, 0];
    expect(pairedBootstrap(values, values, { resamples: 50 })).toEqual({ difference: 0, interval: [0, 0] });
    const other = [0, 0, 1, 0, 1];
    const once = pairedBootstrap(values, other, { resamples: 200, seed: 1 });
    expect(pairedBootstrap(values, other, { resamples: 200, seed: 1 })).toEqual(once);
    expect(() => pairedBootstrap([], [])).toThrow('ADVROB_SHAPE');
    expect(() => pairedBootstrap([1], [0], { resamples: 0 })).toThrow('ADVROB_OPTION');
    expect(() => pairedBootstrap([1], [0], { confidence: 1 })).toThrow('ADVROB_OPTION');
  });
});
