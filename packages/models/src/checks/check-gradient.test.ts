import { expect, it } from 'vitest';
import { compareSlope } from './check-gradient.js';

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
