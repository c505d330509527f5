import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { modelContract } from '@advrob/core/testing';
import { expect, test } from 'vitest';
import { __identifier__ } from '../src/__name__.js';

const small = { inputShape: [3, 2], hidden: 5, numClasses: 3 };
for (const { name, run } of modelContract(() => __identifier__(small)(0))) test(name, run);

test('has as many weights as it should', () => {
  const model = __identifier__(small)(0);
  const count = Object.values(model.weights).reduce((sum, { size }) => sum + size, 0);
  expect(count).toBe(6 * 5 + 5 + 5 * 3 + 3);
  model.dispose?.();
});
