import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { countIncrease, initialStepSizes, reviewStepSizes } from './step-size-review.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Losses of one row are scripted; the step sizes must follow. */
describe('step-size review', () => {
  const rho = 0.75;
  function play(script: readonly number[], window: number): { sizes: number[]; halved: boolean[] } {
    let sizes = { ...initialStepSizes(1, 2), lossAtReview: tf.tensor1d([script[0]!]) };
    let bestLoss = script[0]!;
    const seen: { sizes: number[]; halved: boolean[] } = { sizes: [], halved: [] };
    script.slice(1).forEach((loss, i) => {
      sizes = { ...countIncrease(sizes, tf.tensor1d([loss])), lossAtReview: sizes.lossAtReview as tf.Tensor1D };
      bestLoss = Math.max(bestLoss, loss);
      if ((i + 1) % window !== 0) return;
      const review = reviewStepSizes(sizes, tf.tensor1d([bestLoss]), window, rho);
      sizes = { ...review.sizes, lossAtReview: review.sizes.lossAtReview as tf.Tensor1D };
      seen.sizes.push(sizes.stepSize.dataSync()[0]!);
      seen.halved.push(Boolean(review.halve.dataSync()[0]));
    });
    return seen;
  }

  it('keeps the step while more than rho of the iterations increase the loss', () => {
    expect(play([0, 1, 2, 3, 4, 5, 6, 7, 8], 4)).toEqual({ sizes: [2, 2], halved: [false, false] });
  });
  it('halves when exactly rho of the iterations increased the loss', () => {
    expect(play([0, 1, 2, 3, 2.5], 4).halved).toEqual([true]);
  });
  it('compares the first loss after a step with 0, not with the loss at the start', () => {
    expect(play([5, 4, 6, 7, 8], 4).halved).toEqual([false]); // 4 > 0 counts although 4 < 5
    expect(play([-0.9, -0.5, -0.4, -0.3, -0.2], 4).halved).toEqual([true]); // -0.5 > 0 does not: 3 of 4
  });
  it('halves when the best loss stands still, but not right after a halving', () => {
    // Increases throughout, yet never above the first best of 9 (reached in the first window).
    const script = [0, 6, 7, 8, 9, 1, 2, 3, 4, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5];
    expect(play(script, 4)).toEqual({ sizes: [2, 1, 1, 0.5], halved: [false, true, false, true] });
  });
  it('resets the count of increases at each review', () => {
    expect(play([0, 1, 2, 3, 4, 3, 2, 1, 0.5, 5, 6, 7, 8], 4).halved).toEqual([false, true, false]);
  });
});
