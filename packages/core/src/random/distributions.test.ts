import { expect, it } from 'vitest';
import { normalOfUniform } from './distributions.js';

// From Python's statistics.NormalDist().inv_cdf, which is accurate to 16 digits.
it.each([
  [2 ** -33, -6.337957754553789],
  [1e-9, -5.9978070150076865],
  [1e-6, -4.753424308822899],
  [0.01, -2.3263478740408408],
  [0.0749, -1.4402382675279632],
  [0.0751, -1.4388253927525398],
  [0.2, -0.8416212335729142],
  [0.4999999, -2.506628274703107e-7],
  [0.5, 0],
  [0.6, 0.2533471031357998],
  [0.999, 3.090232306167813],
  [1 - 2 ** -33, 6.337957754553789],
])('has the quantile of %d to 7 digits', (p, expected) => {
  expect(Math.abs(normalOfUniform(p) - expected)).toBeLessThanOrEqual(2e-7 * Math.abs(expected));
});
