import { fit, recalibrate, type FitOptions } from '@advrob/training';
import { expect, it } from 'vitest';
import { testAverager } from '../../training/test/support/contracts.js';
import { tinyData } from '../../training/test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../training/test/support/tiny-model.js';
import { entropysgdTrainer } from './entropy-sgd.js';
import { recalibrated } from './recalibrated.js';

testAverager(recalibrated);

const common = {
  data: tinyData({ length: 24 }),
  threat: { norm: 'linf', epsilon: 0.1 },
  batchSize: 4,
  learningRate: 0.8,
  seed: 5,
} satisfies Partial<FitOptions>;

it('recalibrated leaves the trained weights with statistics of a pass without dropout', async () => {
  const [model, twin] = [tinyModel({ dropout: 0.5 }), tinyModel({ dropout: 0.5 })];
  const run = { ...common, ...entropysgdTrainer({ innerSteps: 2, attackSteps: 1 }), epochs: 1 };
  await fit({ model, ...run });
  await fit({ model: twin, ...run, keep: 'last' });
  const [found, raw] = [await valuesOf(model), await valuesOf(twin)];
  await recalibrate(twin, common.data, { batchSize: common.batchSize });
  expect(found).toEqual(await valuesOf(twin));
  expect(found['fc1.weight']).toEqual(raw['fc1.weight']);
  expect(found['norm.mean']).not.toEqual(raw['norm.mean']);
  model.dispose!();
  twin.dispose!();
});

it('recalibrated does not have a model without buffers measured twice', async () => {
  const full = tinyModel();
  const { buffers, ...bare } = full;
  const { history } = await fit({
    model: bare,
    ...common,
    ...entropysgdTrainer({ innerSteps: 2, attackSteps: 1 }),
    epochs: 1,
    validation: { data: tinyData({ length: 6, seed: 9 }) },
  });
  expect(Object.keys(buffers!)).toHaveLength(2);
  expect(history.filter(({ type }) => type === 'validation')).toHaveLength(1);
  full.dispose!();
});
