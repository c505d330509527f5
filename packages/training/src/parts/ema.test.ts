import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { testAverager } from '../../test/support/contracts.js';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { expectWeights, fixtureData, fixtureModel } from '../../test/support/fixture.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';
import { shared, wrappers } from '../../test/support/wrappers.js';
import { fit } from '../fit/fit.js';
import { erm } from '../methods/erm.js';
import { ema } from './ema.js';
import { sgd } from './sgd.js';

testAverager(ema, { options: { decay: 0.9 } });
expectNoLeaks();

describe('averages', () => {
  it.each(wrappers.averages.filter(({ averager }) => averager === 'ema'))(
    "$averager $options is PyTorch's AveragedModel",
    async ({ options, weights }) => {
      const model = fixtureModel();
      await fit({
        ...shared,
        model,
        data: fixtureData(),
        objective: erm(),
        optimizer: sgd({ momentum: 0.9 }),
        averager: ema(options),
      });
      await expectWeights(model.weights, weights, 1e-5);
      model.dispose!();
    },
  );

  it('end with statistics of batch norm that one pass of the clean data gives, without dropout', async () => {
    const model = tinyModel({ dropout: 0.5 });
    const data = tinyData();
    await fit({ model, data, objective: erm(), averager: ema({ decay: 0.5 }), batchSize: 8, epochs: 2 });
    const found = await valuesOf(model);
    const sums = { mean: Array<number>(5).fill(0), variance: Array<number>(5).fill(0) };
    for await (const { x, y } of data.batches({ size: 8 })) {
      const { 'fc1.weight': weight, 'fc1.bias': bias } = model.weights as Record<string, tf.Tensor>;
      const { mean, variance } = tf.tidy(() =>
        tf.moments(tf.add(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D), bias!), 0),
      );
      (await mean.data()).forEach((value, i) => (sums.mean[i]! += value / 3));
      (await variance.data()).forEach((value, i) => (sums.variance[i]! += value / 3));
      tf.dispose([x, y, mean, variance]);
    }
    found['norm.mean']!.forEach((value, i) => expect(value).toBeCloseTo(sums.mean[i]!, 5));
    found['norm.variance']!.forEach((value, i) => expect(value).toBeCloseTo(sums.variance[i]!, 5));
    model.dispose!();
  });
});
