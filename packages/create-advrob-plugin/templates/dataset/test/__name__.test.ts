import '@tensorflow/tfjs-backend-cpu';
import { datasetContract } from '@advrob/core/testing';
import { expect, test } from 'vitest';
import { __identifier__ } from '../src/__name__.js';

const small = { count: 40 };
for (const { name, run } of datasetContract(async () => (await __identifier__(small)).train)) test(name, run);

test('has disjoint splits, and other data for another seed', async () => {
  const splits = await __identifier__(small);
  const other = await __identifier__({ ...small, seed: 1 });
  const hashes = [splits.train, splits.validation, splits.test, other.train].map(({ hash }) => hash);
  expect(new Set(hashes).size).toBe(4);
});
