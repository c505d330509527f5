import { expect, it } from 'vitest';
import { cosine } from './steps.js';

it('a cosine falls from the first to the last value', () => {
  expect([0, 50, 100].map((step) => cosine(1, 0.01, step, 100))).toEqual([
    1,
    expect.closeTo(0.505),
    expect.closeTo(0.01),
  ]);
});
