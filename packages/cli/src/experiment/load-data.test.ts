import '@tensorflow/tfjs-backend-cpu';
import { createRegistry } from '@advrob/core';
import datasets from '@advrob/datasets';
import { expect, it } from 'vitest';
import { checkTrainable, loadData } from './load-data.js';

const registry = createRegistry([datasets]);

it('makes data sets out of others that the config names', async () => {
  const inner = { name: 'subspace', options: { size: 6, complement: 2 } };
  const { train } = await loadData(registry, {
    name: 'principal-components',
    options: { components: 2, dataset: { name: 'dead-pixels', options: { dataset: inner } } },
  });
  expect([train.name, train.length, train.inputShape]).toEqual(['subspace-projected-projected', 20, [6]]);
});

it('says what to name, and knows no end of nesting', async () => {
  await expect(loadData(registry, { name: 'dead-pixels', options: {} })).rejects.toThrow(
    /--set 'dead-pixels.dataset=mnist'/,
  );
  const options: Record<string, unknown> = {};
  options['dataset'] = { name: 'dead-pixels', options };
  await expect(loadData(registry, { name: 'dead-pixels', options })).rejects.toThrow(/nested/);
});

it('refuses to train on a test part alone', async () => {
  const splits = await loadData(registry, { name: 'subspace', options: { size: 6, complement: 2 } });
  checkTrainable(splits);
  expect(() => checkTrainable({ ...splits, train: splits.train.take(0) })).toThrow(/ADVROB_DATA_EMPTY/);
});
