import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { AttackLoss, Scope } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { crossEntropyLoss, dlrLoss } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { checkpoints, climb } from '../src/apgd/climb.js';
import { climbL1, climbLargeBalls, largeBallPhases } from '../src/apgd/climb-l1.js';
import type { Best } from '../src/apgd/climb.js';
import { countIncrease, initialStepSizes, reviewStepSizes } from '../src/apgd/step-size-review.js';
import { fixture, largestDifference, recorded, smoothNet, tensorOf } from './smooth-net.js';
import type { Nested, SmoothWeights } from './smooth-net.js';

interface Runs {
  readonly weights: SmoothWeights;
  readonly steps: number;
  readonly runs: readonly {
    readonly norm: 'linf' | 'l2' | 'l1';
    readonly epsilon: number;
    readonly loss: 'ce' | 'dlr' | 'targeted dlr';
    readonly kind: 'momentum' | 'cold' | 'large balls';
    readonly x: Nested;
    readonly y: Nested;
    readonly target: Nested;
    readonly start: Nested;
    readonly points: Readonly<Record<string, Nested>>;
    readonly losses: readonly Nested[];
    readonly best: Nested;
  }[];
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const { runs, weights, steps } = fixture<Runs>('apgd.json');
const settings = { steps, rho: 0.75, eot: 1 };
const climbers: Record<Runs['runs'][number]['kind'], (scope: Scope<'gradients'>, start: tf.Tensor) => Promise<Best>> = {
  momentum: (scope, start) => climb(scope, start, settings),
  cold: (scope, start) => climbL1(scope, start, { threat: scope.threat, steps, isWarm: false, offers: true }, settings),
  'large balls': (scope, start) => climbLargeBalls(scope, start, settings),
};
const losses: Record<string, AttackLoss> = { ce: crossEntropyLoss, dlr: dlrLoss, 'targeted dlr': dlrLoss };

it.each(runs)('PyTorch fixture: $loss in $norm, $kind', async (run) => {
  const { model, inputs } = recorded(smoothNet(weights));
  const attack = defineAttack({
    name: 'apgd-from-a-start',
    summary: 'APGD from the start of a fixture.',
    knowledge: 'gradients',
    norms: ['linf', 'l2', 'l1'],
    budget: 'fixed',
    loss: losses[run.loss]!,
    options: z.strictObject({}),
    perturb: async (scope) => (await climbers[run.kind](scope, tensorOf(run.start))).best,
  })();
  const targets = run.loss === 'targeted dlr' ? { targets: tensorOf(run.target, 'int32') } : {};
  const { norm, epsilon, x, y } = run;
  const best = await attack.maximize(model, tensorOf(x), tensorOf(y, 'int32'), { norm, epsilon }, targets);
  expect(inputs.length).toBe(run.losses.length);
  const last = run.losses.length - 1;
  const lastPhase = run.kind === 'large balls' ? last - largeBallPhases(steps)[2]![1] : 0;
  for (const [step, wanted] of Object.entries(run.points))
    expect(largestDifference(inputs[lastPhase + Number(step)]!, wanted), `step ${step}`).toBeLessThan(1e-5);
  expect(largestDifference(await best.data(), run.best)).toBeLessThan(1e-5);
});

describe('checkpoints', () => {
  it.each([
    [100, [22, 41, 57, 70, 80, 87, 93, 99]],
    [10, [2, 3, 4, 5, 6, 7, 8, 9, 10]],
    [1, [1]],
    [3, [1, 2, 3]],
    [50, [11, 21, 30, 38, 45]],
  ])('of %d iterations', (iterations, expected) => {
    expect([...checkpoints(iterations).keys()]).toEqual(expected);
  });
});

describe('large balls', () => {
  it.each([
    [100, [30, 30, 40]],
    [10, [3, 3, 4]],
    [7, [3, 3, 1]],
    [3, [1, 1, 1]],
  ])('%d steps', (total, expected) => {
    expect(largeBallPhases(total)).toEqual(expected.map((part, i) => [3 - i, part]));
  });
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
