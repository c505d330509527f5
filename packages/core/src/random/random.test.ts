import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { createRandom } from './random.js';

it('gives equal draws for an equal seed, step and purpose', async () => {
  const first = await createRandom({ seed: 7, step: 3 }).normal('kernel', [2, 3]).data();
  expect(await createRandom({ seed: 7 }).at(3).normal('kernel', [2, 3]).data()).toEqual(first);
  expect(await createRandom({ seed: 7 }).at(4).normal('kernel', [2, 3]).data()).not.toEqual(first);
  expect(await createRandom({ seed: 8, step: 3 }).normal('kernel', [2, 3]).data()).not.toEqual(first);
  expect(await createRandom({ seed: 7, step: 3 }).normal('bias', [2, 3]).data()).not.toEqual(first);
});

it('makes float32 tensors of any shape, one a draw', () => {
  const rng = createRandom({ seed: 0 });
  const before = tf.memory().numTensors;
  const drawn = [rng.normal('a', []), rng.uniform('a', [0, 2], 0, 1), rng.laplace('a', [2, 1, 3])];
  expect(drawn.map(({ shape }) => shape)).toEqual([[], [0, 2], [2, 1, 3]]);
  expect(drawn.every(({ dtype }) => dtype === 'float32')).toBe(true);
  expect(tf.memory().numTensors).toBe(before + 3);
  tf.dispose(drawn);
});

it('refuses seeds and steps that are no integers from 0 on', () => {
  expect(() => createRandom({ seed: -1 })).toThrow(/ADVROB_SEED/);
  expect(() => createRandom({ seed: 1 }).at(0.5)).toThrow(/expected step to be an integer/);
});
