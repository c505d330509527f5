import { describe, expect, it } from 'vitest';
import { reference } from '../../test/support/reference.js';
import { normalDistribution, normalQuantile } from './quantile.js';

describe('normal distribution', () => {
  it.each(reference.normal)('quantile of $p', ({ p, x }) => {
    expect(normalQuantile(p)).toBeCloseTo(x, 9);
    expect(normalDistribution(x)).toBeCloseTo(p, 13);
  });
});
