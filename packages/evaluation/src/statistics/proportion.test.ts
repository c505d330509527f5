import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reference } from '../../test/support/reference.js';
import { wilsonInterval } from './proportion.js';

const counts = fc
  .integer({ min: 1, max: 20_000 })
  .chain((total) => fc.tuple(fc.integer({ min: 0, max: total }), fc.constant(total)));

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
