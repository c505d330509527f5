import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { largestDifference } from '../../test/support/smooth-net.js';
import { firstWeights, isReview, isSolved, nextWeights, stepsSince, weightsOfSearch } from './constant-search.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the search for a weight', () => {
  it('goes up by tens, then bisects, row by row', async () => {
    // Rows that need 0.05, 20 and more than there is.
    const needed = tf.tensor1d([0.05, 20, 1e8]);
    let weightsNow = firstWeights(3, 0.01);
    const tried: number[][] = [];
    for (let i = 0; i < 7; i++) {
      tried.push(Array.from(await weightsNow.weight.data()));
      weightsNow = nextWeights(weightsNow, tf.greaterEqual(weightsNow.weight, needed));
    }
    const perRow = [0, 1, 2].map((row) => tried.map((weight) => Number(weight[row]!.toPrecision(4))));
    expect(largestDifference(perRow[0]!, [0.01, 0.1, 0.055, 0.0325, 0.04375, 0.049375, 0.0521875])).toBeLessThan(1e-5);
    expect(perRow[1]).toEqual([0.01, 0.1, 1, 10, 100, 55, 32.5]);
    expect(perRow[2]).toEqual([0.01, 0.1, 1, 10, 100, 1000, 10000]);
  });

  it('asks whether the last twentieth of the steps fooled', async () => {
    // Never, in the first step alone, in the last but two, in the last of 40 steps.
    const fooledAt = [-1, 0, 37, 39];
    let since: tf.Tensor = tf.fill([4], Infinity);
    for (let step = 0; step < 40; step++) since = stepsSince(since, tf.tensor1d(fooledAt.map((at) => at === step)));
    expect([...(await since.data())]).toEqual([Infinity, 39, 2, 0]);
    expect([...(await isSolved(since, 40).data())]).toEqual([0, 0, 0, 1]);
    expect([...(await isSolved(since, 60).data())]).toEqual([0, 0, 1, 1]);
    expect([...(await isSolved(since, 3).data())]).toEqual([0, 0, 0, 1]);
  });

  it('reviews every tenth of the steps, also of few', () => {
    const reviewed = (steps: number) => Array.from({ length: steps }, (_, i) => i).filter((i) => isReview(i, steps));
    expect(reviewed(1000)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(reviewed(3)).toEqual([0, 1, 2]);
  });
});

it('the last of ten searches takes the smallest weight that was enough, of nine the middle', () => {
  const tried = (searches: number, enough: number): number[] => {
    let weights = firstWeights(1, 1e-3);
    return Array.from({ length: searches }, (_, search) => {
      const { weight, ...ends } = weightsOfSearch(weights, search, searches);
      const value = weight.dataSync()[0]!;
      weights = nextWeights({ weight, ...ends }, tf.tensor1d([value >= enough], 'bool'));
      return value;
    });
  };
  const middle = [0.001, 0.01, 0.1, 1, 0.55, 0.325, 0.4375, 0.38125, 0.353125];
  const close = (found: number[], wanted: number[]) =>
    wanted.forEach((weight, i) => expect(found[i]! / weight).toBeCloseTo(1, 5));
  close(tried(9, 0.37), middle);
  close(tried(10, 0.37), [...middle, 0.38125]);
  close(tried(10, Infinity).slice(-2), [1e5, 1e10]);
});
