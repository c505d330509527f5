import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';
import { recalibrate } from './recalibrate.js';

let model: Classifier;
expectNoLeaks();
beforeEach(() => {
  model = tinyModel();
});
afterEach(() => model.dispose!());

describe('recalibrate', () => {
  it('finds the mean of the batch statistics, whatever the momentum and the old values', async () => {
    const data = tinyData({ length: 20 });
    const { weights } = model;
    const expected = { mean: Array<number>(5).fill(0), variance: Array<number>(5).fill(0) };
    for await (const { x, y } of data.batches({ size: 8 })) {
      const share = x.shape[0]! / 20;
      const z = tf.tidy(() =>
        tf.add(tf.matMul(x as tf.Tensor2D, weights['fc1.weight'] as Tensor as tf.Tensor2D), weights['fc1.bias']!),
      );
      const { mean, variance } = tf.moments(z, 0);
      (await mean.data()).forEach((value, i) => (expected.mean[i]! += share * value));
      (await variance.data()).forEach((value, i) => (expected.variance[i]! += share * value));
      tf.dispose([x, y, z, mean, variance]);
    }
    for (const buffer of Object.values(model.buffers!)) tf.tidy(() => buffer.assign(tf.fill(buffer.shape, 1234)));
    const before = await valuesOf(model);
    await recalibrate(model, data, { batchSize: 8 });
    const after = await valuesOf(model);
    expected.mean.forEach((value, i) => expect(after['norm.mean']![i]).toBeCloseTo(value, 5));
    expected.variance.forEach((value, i) => expect(after['norm.variance']![i]).toBeCloseTo(value, 5));
    expect(after['fc1.weight']).toEqual(before['fc1.weight']);
  });

  it('leaves buffers that are no moving averages, and models without buffers', async () => {
    const counter = tf.tidy(() => tf.variable(tf.scalar(7), false));
    const constant = tf.tidy(() => tf.variable(tf.tensor1d([1, 2]), false));
    const counting: Classifier = {
      ...model,
      buffers: { ...model.buffers, counter, constant },
      logits(x, how) {
        if (how?.mode === 'train') tf.tidy(() => counter.assign(tf.add(counter, 1) as tf.Scalar));
        return model.logits(x, how);
      },
    };
    await recalibrate(counting, tinyData());
    expect([...(await counter.data()), ...(await constant.data())]).toEqual([7, 1, 2]);
    tf.dispose([counter, constant]);
    const { buffers: _, ...bare } = model;
    const before = await valuesOf(model);
    await recalibrate(bare, tinyData());
    expect(await valuesOf(model)).toEqual(before);
  });

  it('gives the old statistics back when a forward pass fails', async () => {
    const before = await valuesOf(model);
    let calls = 0;
    const failing: Classifier = {
      ...model,
      logits(x, how) {
        if (calls++ === 3) throw new Error('no more');
        return model.logits(x, how);
      },
    };
    await expect(recalibrate(failing, tinyData(), { batchSize: 8 })).rejects.toThrow('no more');
    expect(await valuesOf(model)).toEqual(before);
  });
});
