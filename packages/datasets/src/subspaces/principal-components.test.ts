import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, it } from 'vitest';
import { pointSplits, valuesOf } from '../../test/example-points.js';
import { principalComponentData } from './principal-components.js';

beforeAll(() => tf.setBackend('cpu'));

it('principal components are those of the training part, and bounds are the same in all parts', async () => {
  // All training examples lie on (1, 1, 0); the test example is (1, 0, 1), whose nearest point
  // there is (1/2, 1/2, 0).
  const { train, test } = await principalComponentData({
    dataset: Promise.resolve(pointSplits([1, 1, 0, 0.5, 0.5, 0], [1, 0, 1])),
    components: 1,
  });
  const found = await valuesOf(test);
  [0.5, 0.5, 0].forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
  expect(train.bounds).toEqual(test.bounds);
});
