import { describe, expect, it } from 'vitest';
import { trainingCurves } from './training.js';

describe('training curves', () => {
  it('has a curve per term and metric, thinned by means, without values that are not numbers', () => {
    const log = Array.from({ length: 1000 }, (_, i) => ({
      type: 'metrics' as const,
      step: i + 1,
      loss: { total: i, penalty: i === 3 ? NaN : 1 },
    }));
    const curves = trainingCurves(
      [...log, { type: 'validation', step: 1000, metrics: { robustAccuracy: 0.7, loss: 0.2 } }],
      100,
    );
    expect(curves.map(({ name, kind, on }) => [name, kind, on])).toEqual([
      ['total', 'loss', 'training'],
      ['penalty', 'loss', 'training'],
      ['robustAccuracy', 'accuracy', 'validation'],
      ['loss', 'loss', 'validation'],
    ]);
    expect(curves[0]!.points).toHaveLength(100);
    expect(curves[0]!.points[0]).toEqual([10, 4.5]);
    expect(curves[0]!.points.at(-1)).toEqual([1000, 994.5]);
    expect(curves[2]!.points).toEqual([[1000, 0.7]]);
  });
});
