import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { trainerContract } from '@advrob/core/testing';
import { expect, test } from 'vitest';
import { __identifier__ } from '../src/__name__.js';

for (const { name, run } of trainerContract(() => __identifier__())) test(name, run);

test('refuses a decay that is none', () => {
  expect(() => __identifier__({ decay: 2 })).toThrow(/decay/);
});
