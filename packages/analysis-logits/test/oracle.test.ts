import { describe, expect, it } from 'vitest';
import { compareConfidences } from '../src/compare/confidences.js';
import { compareOrdering } from '../src/compare/class-ordering.js';
import { createLogitStatistics } from '../src/logit-statistics.js';
import { manipulate, type ManipulationId } from '../src/manipulations/catalogue.js';
import { meanLogitMap } from '../src/compare/mean-logit-map.js';
import { measureNames, type MeasureName } from '../src/measures.js';
import type { LogitMatrix } from '../src/logit-matrix.js';
import { farthest, matrixOf, readFixture } from './support/fixture.js';

interface Summary {
  mean: number;
  std: number;
  skewness: number;
  min: number;
  max: number;
  quantiles: number[];
}
type Model = 'robust' | 'standard';

const fixture = readFixture<{
  classes: number;
  robust: number[];
  standard: number[];
  labels: number[];
  summaries: Record<Model, Record<MeasureName, Summary>>;
  correlation: Record<Model, number>;
  differences: number[];
  rankDifferences: number[];
  spearman: number;
  taus: (number | null)[];
  overlaps: number[];
  meanMap: Record<Model, (number[] | null)[]>;
}>('comparison');
const models: Record<Model, LogitMatrix> = {
  robust: matrixOf(fixture.robust, fixture.classes),
  standard: matrixOf(fixture.standard, fixture.classes),
};
const labels = Int32Array.from(fixture.labels);

describe.each(['robust', 'standard'] as const)('the %s model has the statistics of numpy', (model) => {
  const { values, rows, classes } = models[model];
  const builder = createLogitStatistics();
  for (let start = 0; start < rows; start += 7) {
    const end = Math.min(rows, start + 7);
    const logits = { values: values.subarray(start * classes, end * classes), rows: end - start, classes };
    builder.add({ logits, labels: labels.subarray(start, end) });
  }
  const statistics = builder.statistics();

  it.each(measureNames)('of %s', (name) => {
    const found = statistics.measures[name];
    const { quantiles, ...expected } = fixture.summaries[model][name];
    for (const [key, value] of Object.entries(expected))
      expect(Math.abs(found[key as 'mean'] - value), key).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
    expect(farthest(found.quantiles, quantiles)).toBeLessThanOrEqual(2 ** found.histogram.exponent);
    expect(2 ** found.histogram.exponent).toBeLessThan((expected.max - expected.min) / 2000);
    expect(found.histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(rows);
  });

  it('of max logit and gap together', () => {
    expect(statistics.maxGapCorrelation).toBeCloseTo(fixture.correlation[model], 10);
  });

  it('and its mean logits per predicted class', () => {
    const { means } = meanLogitMap(models[model]);
    for (const [k, expected] of fixture.meanMap[model].entries())
      if (expected === null) expect(means[k]).toBeNull();
      else expect(farthest(means[k]!, expected)).toBeLessThan(1e-9);
  });
});

describe('two models compared have the numbers of numpy', () => {
  const comparison = compareConfidences(models.standard, models.robust, labels);
  const ordering = compareOrdering(models.standard, models.robust);

  it('in confidence and rank', () => {
    expect(farthest(comparison.differences, fixture.differences)).toBeLessThan(1e-12);
    expect(farthest(comparison.rankDifferences, fixture.rankDifferences)).toBeLessThan(1e-12);
    expect(comparison.spearman).toBeCloseTo(fixture.spearman, 10);
  });

  it('in the order of the other classes', () => {
    expect(ordering.taus.map((tau) => tau === null)).toEqual(fixture.taus.map((tau) => tau === null));
    expect(fixture.taus).toContain(null);
    expect(
      farthest(
        ordering.taus.map((tau) => tau ?? 0),
        fixture.taus.map((tau) => tau ?? 0),
      ),
    ).toBeLessThan(1e-12);
    expect(farthest(ordering.overlaps!, fixture.overlaps)).toBeLessThan(1e-12);
  });
});

describe('manipulations give the numbers of numpy', () => {
  const { classes, robust, standard, manipulated } = readFixture<{
    classes: number;
    robust: number[];
    standard: number[];
    manipulated: Record<ManipulationId, number[]>;
  }>('manipulations');
  it.each(Object.entries(manipulated) as [ManipulationId, number[]][])('%s', (id, expected) => {
    const found = manipulate(id, matrixOf(robust, classes), { standard: matrixOf(standard, classes) });
    expect(farthest(found.values, expected)).toBeLessThan(2e-6);
    if (id !== 'M0') expect(farthest(robust, expected)).toBeGreaterThan(0.1);
  });
});
