import { describe, expect, it } from 'vitest';
import { fitReverseWeibull } from './weibull.js';

describe('reverse Weibull fit', () => {
  it('finds the distribution of its own quantiles: golden values', () => {
    const maxima = Array.from({ length: 40 }, (_, i) => 2 - (-Math.log(1 - (i + 0.5) / 40)) ** (1 / 3));
    const fit = fitReverseWeibull(maxima)!;
    expect(fit.location).toBeCloseTo(1.9423042416, 6);
    expect(fit.shape).toBeCloseTo(2.8371505566, 5);
    expect(fit.scale).toBeCloseTo(0.9373976254, 6);
    expect(fit.logLikelihood).toBeCloseTo(-10.8687651663, 9);
    expect(fit.distance).toBeCloseTo(0.0187372876, 7);
    expect(fit.pValue).toBeGreaterThan(0.99);
    expect(fit.isRejected).toBe(false);
  });

  it('rejects a sample whose likelihood has no maximum', () => {
    const fit = fitReverseWeibull([1, 1.1, 1.15, 1.2, 1.22, 1.25, 1.27, 1.28, 1.29, 1.295])!;
    expect(fit.shape).toBe(1);
    expect(fit.isRejected).toBe(true);
  });

  it('rejects a sample of another distribution, and one without a range', () => {
    expect(fitReverseWeibull(Array.from({ length: 60 }, (_, i) => (i < 30 ? 0 : 1) + i * 1e-4))!.isRejected).toBe(true);
    expect(fitReverseWeibull([2, 2, 2])).toBeUndefined();
  });

  it('does not depend on the unit', () => {
    const maxima = [0.3, 0.42, 0.45, 0.5, 0.52, 0.55, 0.56, 0.58, 0.59, 0.63];
    const [one, thousand] = [maxima, maxima.map((value) => 1000 * value)].map((each) => fitReverseWeibull(each)!);
    expect(thousand!.location).toBeCloseTo(1000 * one!.location, 5);
    expect(thousand!.shape).toBeCloseTo(one!.shape, 6);
  });
});
