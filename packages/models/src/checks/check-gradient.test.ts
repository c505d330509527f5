import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { checkGradient, compareSlope } from './check-gradient.js';

const errors = [0.5, 0.1, 0.02, 0.005, 0.001, 0.0003];

it.each([
  ['a smooth function', 2, [2.4, 2.05, 2.01, 2.0, 1.98, 1.9], 'agrees'],
  ['a kink at one side: small distances see the slope', 2, [2, 2, 2, 1.6, 1.2, 1], 'agrees'],
  ['a factor', 2, [3.3, 3.05, 3, 3, 2.98, 2.9], 'disagrees'],
  ['a staircase, whose gradient is zero', 0, [0, 0, 6, 1.5, 1.0, 1.02], 'disagrees'],
  ['a straight-through gradient of a constant', 1, [0, 0, 0, 0, 0, 0], 'disagrees'],
  ['a gradient that is NaN', NaN, [2, 2, 2, 2, 2, 2], 'disagrees'],
  ['rounding alone', 1e-4, [0.3, -0.1, 0.015, -0.004, 0.001, 0.0002], 'unclear'],
  ['scores that do not move', 0, [0, 0, 0, 0, 0, 0], 'unclear'],
  ['scores that are no numbers', 1, [NaN, NaN, NaN, NaN, NaN, NaN], 'unclear'],
])('%s', (_what, slope, quotients, verdict) => {
  expect(compareSlope(slope, quotients, errors)).toBe(verdict);
});

it('judges no difference that lacks an error: it is a neighbour alone', () => {
  const quotients = [2.4, 2.3, 2.0];
  expect(compareSlope(2, quotients, errors.slice(0, 3))).toBe('agrees');
  expect(compareSlope(2, quotients, errors.slice(0, 2))).toBe('unclear');
});

it('asks for no larger distances when every slope agrees', async () => {
  await tf.setBackend('cpu');
  const kernel = tf.tensor2d([1, -1, 0.5, 2, -0.5, 1], [3, 2]);
  let passes = 0;
  const model = {
    inputShape: [3],
    numClasses: 2,
    bounds: [0, 1] as const,
    weights: {},
    logits: (x: tf.Tensor) => {
      passes++;
      return tf.matMul(x as tf.Tensor2D, kernel);
    },
  };
  const x = tf.tensor2d([0.2, 0.5, 0.7, 0.9, 0.1, 0.4], [2, 3]);
  expect(await checkGradient('linear', model, x)).toEqual({ agreeing: 4, disagreeing: 0, unclear: 0 });
  // The gradient, the size of the scores, and all eight distances in both directions would be 34.
  expect(passes).toBeLessThan(26);
});
