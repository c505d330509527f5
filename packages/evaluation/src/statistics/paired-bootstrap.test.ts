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
