import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageRanks, spearman } from './ranks.js';
import { commonBins, createHistogram, quantileOf } from './dyadic-histogram.js';
import { kendallTau } from '../compare/class-ordering.js';
import {
  addPair,
  addValue,
  correlationOf,
  deviationOf,
  mergeMoments,
  noCoMoment,
  noMoments,
  skewnessOf,
} from './moments.js';

const values = fc.array(fc.oneof(fc.float({ min: -1000, max: 1000, noNaN: true }), fc.constantFrom(0, 1, 0.5)), {
  minLength: 1,
  maxLength: 80,
});
const momentsOf = (list: readonly number[]) => list.reduce(addValue, noMoments);
const fill = (list: readonly number[], maxBins?: number) => {
  const builder = createHistogram(maxBins);
  for (const value of list) builder.add(value);
  return builder.histogram();
};

describe('moments', () => {
  it('of an exponential-like sequence have the closed form', () => {
    // 0, 0, 0, 1: mean 1/4, variance 3/16, skewness (1 - 2p) / sqrt(p q) of a Bernoulli variable.
    const found = momentsOf([0, 0, 0, 1]);
    expect(found.mean).toBeCloseTo(0.25, 14);
    expect(deviationOf(found)).toBeCloseTo(Math.sqrt(3 / 16), 14);
    expect(skewnessOf(found)).toBeCloseTo(0.5 / Math.sqrt(3 / 16), 14);
  });

  it('do not cancel far from zero', () => {
    const found = momentsOf([0, 0, 0, 1].map((value) => value + 1e8));
    expect(deviationOf(found)).toBeCloseTo(Math.sqrt(3 / 16), 7);
    expect(skewnessOf(found)).toBeCloseTo(0.5 / Math.sqrt(3 / 16), 5);
  });

  it('of two streams are those of both', () =>
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [merged, whole] = [mergeMoments(momentsOf(a), momentsOf(b)), momentsOf([...a, ...b])];
        for (const key of ['count', 'mean', 'second', 'third'] as const)
          expect(Math.abs(merged[key] - whole[key])).toBeLessThan(1e-6 * (1 + Math.abs(whole[key]) + whole.second));
      }),
    ));

  it('of a constant have no skewness, and no correlation', () => {
    expect(skewnessOf(momentsOf([3, 3, 3]))).toBeNull();
    expect(correlationOf([1, 2, 3].reduce((sums, x) => addPair(sums, x, 5), noCoMoment))).toBeNull();
  });
});

describe('histograms', () => {
  it('hold every value, in no more bins than asked for, whatever the order', () =>
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 64 }), (list, maxBins) => {
        const found = fill(list, maxBins);
        expect(found.counts.reduce((sum, count) => sum + count, 0)).toBe(list.length);
        expect(found.counts.length).toBeLessThanOrEqual(maxBins);
        expect(fill(list.toReversed(), maxBins)).toEqual(found);
        const width = 2 ** found.exponent;
        found.counts.forEach((count, i) => {
          const low = (found.first + i) * width;
          expect(list.filter((value) => value >= low && value < low + width)).toHaveLength(count);
        });
      }),
    ));

  it('come to common bins without losing a value', () =>
    fc.assert(
      fc.property(values, values, fc.integer({ min: 2, max: 40 }), (a, b, maxBins) => {
        const shared = commonBins([fill(a), fill(b)], maxBins);
        expect(shared[0]!.exponent).toBe(shared[1]!.exponent);
        const first = Math.min(...shared.map((histogram) => histogram.first));
        const last = Math.max(...shared.map((histogram) => histogram.first + histogram.counts.length));
        expect(last - first).toBeLessThanOrEqual(maxBins);
        expect(shared.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0))).toEqual([a.length, b.length]);
        for (const [i, list] of [a, b].entries()) {
          const width = 2 ** shared[i]!.exponent;
          shared[i]!.counts.forEach((count, bin) => {
            const low = (shared[i]!.first + bin) * width;
            expect(list.filter((value) => value >= low && value < low + width)).toHaveLength(count);
          });
        }
      }),
    ));

  it('give quantiles to one bin', () =>
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, p) => {
        const found = fill(list, 16);
        const ordered = list.toSorted((a, b) => a - b);
        const place = p * (list.length - 1);
        const low = ordered[Math.floor(place)]!;
        const expected = low + (place - Math.floor(place)) * (ordered[Math.ceil(place)]! - low);
        expect(Math.abs(quantileOf(found, p) - expected)).toBeLessThanOrEqual(2 ** found.exponent * (1 + 1e-9));
      }),
    ));
});

describe('ranks', () => {
  it('share the mean where values are equal', () => expect([...averageRanks([3, 1, 3, 0])]).toEqual([3.5, 2, 3.5, 1]));

  it('do not see a rising transform, and turn with a falling one', () =>
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 2 }), (list) => {
        expect(spearman(list, list.map(Math.exp))).toBeCloseTo(1, 12);
        expect(
          spearman(
            list,
            list.map((value) => -value),
          ),
        ).toBeCloseTo(-1, 12);
      }),
    ));

  it('have no correlation with a constant', () => expect(spearman([1, 2], [4, 4])).toBeNull());
});

describe("Kendall's tau", () => {
  // Four of the six pairs are concordant, two discordant.
  it('counts pairs', () => expect(kendallTau([1, 2, 3, 4], [2, 1, 4, 3])).toBeCloseTo(2 / 6, 12));
  it('is null without an order', () =>
    expect([kendallTau([1, 1], [1, 2]), kendallTau([1], [2])]).toEqual([null, null]));
});
