import { expect, it } from 'vitest';
import type { LoggedEvent } from './fit/events.js';
import { robustOverfitting } from './robust-overfitting.js';

const loss = (step: number, total: number): LoggedEvent => ({
  type: 'metrics',
  step,
  epoch: step / 10,
  rate: 0.1,
  loss: { total },
  gradientNorm: { mean: 1, max: 1 },
});
const score = (epoch: number, value: number, weights: 'trained' | 'averaged' = 'trained'): LoggedEvent => ({
  type: 'validation',
  step: 10 * epoch,
  epoch,
  weights,
  score: value,
  metrics: {},
  isBest: false,
  behindBest: 0,
});

it('is undefined without measurements', () => {
  expect(robustOverfitting([loss(10, 2)])).toBeUndefined();
});

it('goes on falling in loss while the score falls back from its best', () => {
  const history = [
    score(0, 0.1),
    loss(10, 2),
    score(1, 0.3),
    score(1, 0.9, 'averaged'),
    loss(20, 1.5),
    score(2, 0.5),
    loss(30, 1),
    loss(31, 0.9),
    score(3, 0.4),
  ];
  const curve = robustOverfitting(history)!;
  expect(curve.points.map(({ epoch, trainingLoss, bestSoFar }) => [epoch, trainingLoss, bestSoFar])).toEqual([
    [0, undefined, 0.1],
    [1, 2, 0.3],
    [2, 1.5, 0.5],
    [3, 0.9, 0.5],
  ]);
  expect([curve.best.epoch, curve.last.epoch]).toEqual([2, 3]);
  expect(curve.gap).toBeCloseTo(0.1);
  expect(robustOverfitting(history, 'averaged')!.gap).toBe(0);
});
