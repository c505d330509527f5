import { describe, expect, it } from 'vitest';
import { errorLogOdds, predictedClass } from './shared.js';

/** Logits of class probabilities. */
const logits = (...probabilities: number[]): number[] => probabilities.map(Math.log);

describe('errorLogOdds', () => {
  it('is the logarithm of the odds of an error, in nats: above 0 where an error is the likelier', () => {
    const values = [...logits(0.9, 0.06, 0.04), ...logits(0.2, 0.2, 0.6)];
    expect(errorLogOdds(values, 0, 3, 0)).toBeCloseTo(Math.log(0.1 / 0.9), 12);
    expect(errorLogOdds(values, 1, 3, 0)).toBeCloseTo(Math.log(0.8 / 0.2), 12);
    expect(errorLogOdds(values, 1, 3, 2)).toBeCloseTo(Math.log(0.4 / 0.6), 12);
  });

  it('is not rounded where cross-entropy is 0', () => {
    expect(errorLogOdds([0, 900, 10], 0, 3, 1)).toBeCloseTo(Math.log(1 + Math.exp(10)) - 900, 10);
  });
});

it('of equal logits the first class is predicted', () => {
  expect([0, 1].map((row) => predictedClass([1, 2, 2, 5, 1, 1], row, 3))).toEqual([1, 0]);
});
