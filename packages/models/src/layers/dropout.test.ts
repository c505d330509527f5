import '@tensorflow/tfjs-backend-cpu';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { dropout } from './dropout.js';

it('dropout keeps the mean, draws from rng alone, and is nothing in eval', async () => {
  const layer = dropout('drop', 0.25);
  const x = tf.ones([4, 5000]);
  const rng = createRandom({ seed: 3 });
  const dropped = layer(x, { mode: 'train', rng });
  const values = await dropped.data();
  const zeros = values.filter((value) => value === 0).length;
  expect(Math.abs(zeros / values.length - 0.25)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / values.length));
  for (const value of values) if (value !== 0) expect(value).toBeCloseTo(4 / 3, 6);
  expect(await layer(x, { mode: 'probe', rng }).data()).toEqual(values);
  expect(await layer(x, { mode: 'train', rng: rng.at(1) }).data()).not.toEqual(values);
  expect(layer(x, { mode: 'eval', rng })).toBe(x);
});
