import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mcNemar } from './mcnemar.js';
import { pairedBootstrap } from './paired-bootstrap.js';
import { wilsonInterval } from './proportion.js';
import { normalDistribution, normalQuantile } from './quantile.js';

interface Reference {
  wilson: { count: number; total: number; confidence: number; interval: [number, number] }[];
  normal: { p: number; x: number }[];
  mcNemar: { onlyFirst: number; onlySecond: number; pValue: number }[];
}
const reference = JSON.parse(
  readFileSync(new URL('../../test/fixtures/statistics.json', import.meta.url), 'utf8'),
) as Reference;

const counts = fc
  .integer({ min: 1, max: 20_000 })
  .chain((total) => fc.tuple(fc.integer({ min: 0, max: total }), fc.constant(total)));

describe('normal distribution', () => {
  it.each(reference.normal)('quantile of $p', ({ p, x }) => {
    expect(normalQuantile(p)).toBeCloseTo(x, 9);
    expect(normalDistribution(x)).toBeCloseTo(p, 13);
  });
});

describe('Wilson interval', () => {
  it.each(reference.wilson)(
    '$count of $total at $confidence as scipy has it',
    ({ count, total, confidence, interval }) => {
      const [low, high] = wilsonInterval(count, total, confidence);
      expect(low).toBeCloseTo(interval[0], 10);
      expect(high).toBeCloseTo(interval[1], 10);
    },
  );

  it('has ends that solve |p - rate| = z sqrt(p (1 - p) / n)', () => {
    fc.assert(
      fc.property(counts, ([count, total]) => {
        const z = 1.959963984540054;
        for (const p of wilsonInterval(count, total)) {
          if ((p === 0 && count === 0) || (p === 1 && count === total)) continue;
          expect((count / total - p) ** 2).toBeCloseTo((z * z * p * (1 - p)) / total, 12);
        }
      }),
    );
  });

  it('holds the rate, stays inside [0, 1], mirrors, and narrows with more examples and less confidence', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.5, max: 0.99, noNaN: true }), ([count, total], confidence) => {
        const [low, high] = wilsonInterval(count, total, confidence);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(count / total);
        expect(high).toBeGreaterThanOrEqual(count / total);
        const [mirroredLow, mirroredHigh] = wilsonInterval(total - count, total, confidence);
        expect(mirroredLow).toBeCloseTo(1 - high, 12);
        expect(mirroredHigh).toBeCloseTo(1 - low, 12);
        const [moreLow, moreHigh] = wilsonInterval(4 * count, 4 * total, confidence);
        expect(moreHigh - moreLow).toBeLessThan(high - low);
        const [sureLow, sureHigh] = wilsonInterval(count, total, (1 + confidence) / 2);
        expect(sureHigh - sureLow).toBeGreaterThan(high - low);
      }),
    );
  });

  it('covers the true rate about as often as it says', () => {
    const rate = 0.93;
    const total = 60;
    let chance = total * Math.log(1 - rate);
    let covered = 0;
    for (let count = 0; count <= total; count++) {
      const [low, high] = wilsonInterval(count, total);
      if (low <= rate && rate <= high) covered += Math.exp(chance);
      chance += Math.log((total - count) / (count + 1)) + Math.log(rate / (1 - rate));
    }
    expect(covered).toBeGreaterThan(0.92);
    expect(covered).toBeLessThan(0.98);
  });

  it('knows nothing without examples, and refuses impossible counts', () => {
    expect(wilsonInterval(0, 0)).toEqual([0, 1]);
    for (const [count, total, confidence] of [
      [3, 2, 0.95],
      [-1, 2, 0.95],
      [0.5, 2, 0.95],
      [1, 2, 1],
      [1, 2, NaN],
    ] as const)
      expect(() => wilsonInterval(count, total, confidence)).toThrow('ADVROB_OPTION');
  });
});

describe('McNemar', () => {
  it.each(reference.mcNemar)('$onlyFirst against $onlySecond as scipy has it', ({ onlyFirst, onlySecond, pValue }) => {
    const first = [...Array(onlyFirst).fill(1), ...Array(onlySecond).fill(0), 1, 0];
    const second = [...Array(onlyFirst).fill(0), ...Array(onlySecond).fill(1), 1, 0];
    const test = mcNemar(first, second);
    expect(test).toMatchObject({ onlyFirst, onlySecond });
    expect(Math.abs(test.pValue / pValue - 1)).toBeLessThan(1e-9);
  });

  it('is symmetric, and 1 for equal models', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1 }), (pairs) => {
        const first = pairs.map(([a]) => a);
        const second = pairs.map(([, b]) => b);
        const { pValue } = mcNemar(first, second);
        expect(mcNemar(second, first).pValue).toBe(pValue);
        expect(pValue).toBeGreaterThan(0);
        expect(pValue).toBeLessThanOrEqual(1);
        expect(mcNemar(first, first).pValue).toBe(1);
      }),
    );
    expect(() => mcNemar([1], [])).toThrow('ADVROB_SHAPE');
  });
});

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
