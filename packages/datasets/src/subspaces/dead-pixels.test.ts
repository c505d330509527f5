import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, it } from 'vitest';
import { pointSplits, valuesOf } from '../../test/example-points.js';
import { mnist } from '../sets/mnist.js';
import { deadInputs, deadPixels } from './dead-pixels.js';

beforeAll(() => tf.setBackend('cpu'));

it('dead pixels are those of the training part, and 0 in all parts', async () => {
  const { train, validation, test } = await deadPixels({ dataset: pointSplits([1, 0, 0.5, 0.5, 0, 1], [1, 1, 1]) });
  expect(await valuesOf(train)).toEqual([1, 0, 0.5, 0.5, 0, 1]);
  expect(await valuesOf(validation)).toEqual([1, 0, 0.5]);
  expect(await valuesOf(test)).toEqual([1, 0, 1]);
  expect(test.bounds).toEqual([0, 1]);
});

it('MNIST has 67 dead pixels in its training files', async () => {
  const { train } = await mnist({ validation: 0 });
  const subspace = await deadInputs(train);
  expect(subspace.size - subspace.dimension).toBe(67);
});

it('asks for a data set with its options', () => {
  // @ts-expect-error the data set is needed
  expect(() => deadPixels({})).toThrow(/such as mnist\(\)/);
});
