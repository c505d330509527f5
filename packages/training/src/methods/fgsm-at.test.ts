import type { Classifier } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { testObjective, testTrainer } from '../../test/support/contracts.js';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel } from '../../test/support/tiny-model.js';
import { fit } from '../fit/fit.js';
import { fastStep, fgsmAt, fgsmAtTrainer } from './fgsm-at.js';

testObjective(fgsmAt, {
  lossOf: 'pgd-at',
  variants: { 'fgsm-at from the example': { start: 'zero' } },
  refuses: [{ stepSize: -1 }],
});
testTrainer(fgsmAtTrainer, { published: { passes: 15, rates: { 0: 0, 3: 0.1, 6: 0.2, 10.5: 0.1 } } });
expectNoLeaks();

/**
 * Two classes apart along the direction (1, -2, 0): the gradient has the signs -, +, 0 for class 0.
 */
const plane = () =>
  linearClassifier({
    weights: [
      [1, 0],
      [-2, 0],
      [0, 0],
    ],
    bias: [0, 0],
  });

describe('the step of fast adversarial training', () => {
  const x = () => tf.tensor2d([0.5, 0.5, 0.5, 0.02, 0.98, 0.5], [2, 3]);
  const y = () => tf.tensor1d([0, 0], 'int32');
  const at = async (model: Classifier, start: 'uniform' | 'zero', stepSize: number, norm: 'linf' | 'l2' = 'linf') => {
    const [images, labels] = [x(), y()];
    const found = await fastStep({ start, stepSize }).maximize(model, images, labels, { norm, epsilon: 0.1 });
    const values = await found.data();
    tf.dispose([images, labels, found]);
    return [...values];
  };

  it('goes epsilon along the sign of the gradient, and clips to the bounds', async () => {
    const model = plane();
    const expected = [0.4, 0.6, 0.5, 0, 1, 0.5];
    (await at(model, 'zero', 1)).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
    const [a, b, c] = await at(model, 'zero', 1, 'l2');
    const length = Math.sqrt(5);
    [0.5 - 0.1 / length, 0.5 + 0.2 / length, 0.5].forEach((value, i) => expect([a, b, c][i]!).toBeCloseTo(value, 6));
    model.dispose!();
  });

  it('starts at random, where the gradient is 0 it stays there, and never leaves the ball', async () => {
    const model = plane();
    const values = await at(model, 'uniform', 1.25);
    const centre = [0.5, 0.5, 0.5, 0.02, 0.98, 0.5];
    values.forEach((value, i) => expect(Math.abs(value - centre[i]!)).toBeLessThanOrEqual(0.1 + 1e-6));
    expect(values[2]).not.toBe(0.5);
    // 1.25 epsilon from anywhere in the ball reaches its far side in at least the half that starts
    // nearer.
    expect(values[0]!).toBeLessThan(0.5 - 0.025 + 1e-6);
    model.dispose!();
  });

  it('differs from step to step and needs no attack from the caller', async () => {
    const model = tinyModel();
    const losses: number[] = [];
    await fit({
      model,
      data: tinyData({ length: 8 }),
      objective: fgsmAt(),
      optimizer: () => ({ state: {}, step: async (work) => void (await work.gradient(await work.draw())) }),
      threat: { norm: 'linf', epsilon: 0.1 },
      batchSize: 8,
      steps: 3,
      logEvery: 1,
      onEvent: (event) => event.type === 'metrics' && losses.push(event.loss['total']!),
    });
    expect(new Set(losses).size).toBe(3);
    model.dispose!();
  });
});
