import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { deepfool, pgd } from '@advrob/attacks';
import type { Classifier, Norm } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { analysisContract, linearClassifier } from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import { arrayDataset } from '@advrob/datasets';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { clever } from './clever.js';
import { empiricalRobustness } from './empirical-robustness.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const inputs = [0.8, 0.4, 0.6, 0.7, 0.2, 0.9];
/** Scores 3a - 4b + 1, a + 2b and 0. */
const linear = (): Classifier =>
  linearClassifier({
    weights: [
      [3, 1, 0],
      [-4, 2, 0],
    ],
    bias: [1, 0, 0],
  });
const data = (labels: readonly number[] = [0, 1, 1]) =>
  arrayDataset({
    name: 'three',
    inputs: Float32Array.from(inputs),
    labels: [...labels],
    inputShape: [2],
    numClasses: 3,
  });
const contextOf = (model: Classifier, norm: Norm, epsilon = 0.1, labels?: readonly number[]) => ({
  models: { model },
  data: data(labels),
  threat: createThreat({ norm, epsilon }, [0, 1]),
  rng: createRandom({ seed: 0 }),
  memo: <T>(_: string, compute: () => Promise<T>) => compute(),
});

describe('clever', () => {
  const small = { batches: 4, samples: 5, targets: 2 };
  for (const { name, run } of analysisContract(clever(small), async () => {
    const { memo: _, ...context } = contextOf(shared, 'l2');
    return context;
  }))
    it(`contract: ${name}`, run);
  const shared = linear();

  it.each([
    ['l2', (w: readonly number[]) => Math.hypot(...w)],
    ['linf', (w: readonly number[]) => w.reduce((sum, value) => sum + Math.abs(value), 0)],
    ['l1', (w: readonly number[]) => Math.max(...w.map(Math.abs))],
  ] as const)('is the distance of the boundary on a linear model, or the radius: %s', async (norm, dual) => {
    const model = linear();
    const { scores } = await clever({ ...small, radius: 0.3 }).analyze(contextOf(model, norm));
    // Of the first example, whose class is 0 with scores 1.8, 1.6 and 0.
    const first = Math.min((1.8 - 1.6) / dual([2, -6]), 1.8 / dual([3, -4]));
    expect(scores[0]!.score).toBeCloseTo(Math.min(0.3, first), 5);
    expect(scores[0]).toMatchObject({ isFallback: true, shape: null });
    // The third is of class 1 with scores -2, 2 and 0: far.
    expect(scores[2]!.score).toBeCloseTo(Math.min(0.3, 2 / dual([1, 2]), 4 / dual([-2, 6])), 5);
    model.dispose!();
  });

  it('is 0 where the label is not the class', async () => {
    const { scores } = await clever(small).analyze(contextOf(shared, 'l2', 0.1, [2, 1, 1]));
    expect(scores[0]!.score).toBe(0);
  });

  it('comes near to the exact distance where the slope changes, and does not overstate it by much', async () => {
    // Score x^2 against 0.25: the boundary is at 0.5, the steepest slope within 0.3 of 0.8 is 2.
    const square: Classifier = {
      inputShape: [1],
      numClasses: 2,
      bounds: [0, 1],
      weights: {},
      logits: (x) => tf.tidy(() => tf.concat([tf.square(x), tf.fill(x.shape, 0.25)], 1)),
    };
    const context = {
      ...contextOf(square, 'l2', 0.3),
      data: arrayDataset({ name: 'one', inputs: Float32Array.of(0.8), labels: [0], inputShape: [1], numClasses: 2 }),
    };
    const { scores } = await clever({ batches: 40, samples: 60 }).analyze(context);
    // (0.64 - 0.25) / 2: by the Lipschitz constant of the ball within the bounds.
    expect(scores[0]!.score).toBeGreaterThan(0.185);
    expect(scores[0]!.score).toBeLessThan(0.2);
  });

  it('refuses L0, and a ball without an end', async () => {
    await expect(clever().analyze(contextOf(shared, 'l0', 1))).rejects.toMatchObject({ code: 'ADVROB_NORM' });
    await expect(clever().analyze(contextOf(shared, 'l2', Infinity))).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  });
});

describe('empirical robustness', () => {
  const model = linear();
  const analysis = () => empiricalRobustness({ attack: deepfool(), batchSize: 2 });
  for (const { name, run } of analysisContract(analysis(), async () => {
    const { memo: _, ...context } = contextOf(model, 'l2');
    return context;
  }))
    it(`contract: ${name}`, run);

  it('is the median relative distance of the boundary on a linear model', async () => {
    const found = await analysis().analyze(contextOf(model, 'l2'));
    const distances = [
      Math.min(0.2 / Math.hypot(2, 6), 1.8 / 5) / Math.hypot(0.8, 0.4),
      Math.min(2 / Math.hypot(1, 2), 2 / Math.hypot(2, 6)) / Math.hypot(0.6, 0.7),
      Math.min(2 / Math.hypot(1, 2), 4 / Math.hypot(2, 6)) / Math.hypot(0.2, 0.9),
    ].sort((a, b) => a - b);
    expect(found).toMatchObject({ examples: 3, found: 3 });
    expect(Math.abs(found.empiricalRobustness! / distances[1]! - 1)).toBeLessThan(0.05);
    expect(found.lossSensitivity).toBeGreaterThan(0);
  });

  it('of a model that nothing fools is infinite, not 0', async () => {
    const constant: Classifier = {
      inputShape: [2],
      numClasses: 3,
      bounds: [0, 1],
      weights: {},
      logits: (x) => tf.tidy(() => tf.concat([tf.ones([x.shape[0]!, 1]), tf.mul(0, x)], 1)),
    };
    const found = await analysis().analyze(contextOf(constant, 'l2', 0.1, [0, 0, 0]));
    expect(found).toMatchObject({ examples: 3, found: 0, empiricalRobustness: null });
  });

  it('refuses an attack with a fixed budget', () => {
    expect(() => empiricalRobustness({ attack: pgd() })).toThrow('minimal norm');
  });
});
