import '@tensorflow/tfjs-backend-cpu';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compactCnn, resnet18, smallCnn } from '../index.js';
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

/** Multiply-adds of one forward pass for one image: weights of a layer times the places that it is applied to. */
function multiplyAdds(places: Record<string, number>, weights: Readonly<Record<string, tf.Tensor>>): number {
  return Object.entries(places).reduce((sum, [name, count]) => sum + count * weights[`${name}.weight`]!.size, 0);
}

it('compact-cnn has about a million multiply-adds', () => {
  const model = compactCnn()(0);
  expect(multiplyAdds({ conv1: 14 * 14, conv2: 14 * 14, fc1: 1, fc2: 1 }, model.weights)).toBe(1_082_560);
  model.dispose!();
});

it('the published networks have their published sizes', () => {
  const sizeOf = (weights: Readonly<Record<string, tf.Tensor>>) =>
    Object.values(weights).reduce((sum, { size }) => sum + size, 0);
  const models = [smallCnn()(0), resnet18()(0)];
  expect(models.map(({ weights }) => sizeOf(weights))).toEqual([312_202, 11_173_962]);
  for (const model of models) model.dispose!();
});
