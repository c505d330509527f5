import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { detach, recalibrate, withWeights } from '../index.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';

let model: Classifier;
let tensorsBefore: number;

beforeAll(() => tf.setBackend('cpu'));
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
  model = tinyModel();
});
afterEach(() => {
  model.dispose!();
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

describe('detach', () => {
  it('has the values, but no gradient', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const f = (v: Tensor) => tf.sum(tf.mul(v, detach(tf.square(v))));
    const gradient = tf.grad(f)(x);
    // d/dx of x * c is c = x^2; without detach it were 3 x^2.
    expect([...(await gradient.data())]).toEqual([1, 4, 9]);
    tf.dispose([x, gradient]);
  });

  it('outlives its source', async () => {
    const source = tf.tensor1d([1, 2]);
    const copy = detach(source);
    source.dispose();
    expect([...(await copy.data())]).toEqual([1, 2]);
    copy.dispose();
    const variable = tf.tidy(() => tf.variable(tf.tensor1d([5])));
    const before = detach(variable as Tensor as Tensor1D);
    tf.tidy(() => variable.assign(tf.tensor1d([6])));
    expect([...(await before.data())]).toEqual([5]);
    tf.dispose([before, variable]);
  });
});

describe('withWeights', () => {
  const third = (_: string, weight: tf.Variable): Tensor => tf.div(weight as Tensor, 3);

  it('adds the change for the body and then gives back the same bits', async () => {
    const before = await valuesOf(model);
    const during = await withWeights(
      model,
      (name, w) => (w.rank > 1 ? third(name, w) : undefined),
      () => valuesOf(model),
    );
    expect(during['fc1.weight']![0]).toBeCloseTo((4 / 3) * before['fc1.weight']![0]!, 6);
    expect(during['fc1.bias']).toEqual(before['fc1.bias']);
    expect(await valuesOf(model)).toEqual(before);
  });

  it('nests', async () => {
    const before = await valuesOf(model);
    await withWeights(model, third, () => withWeights(model, third, async () => undefined));
    expect(await valuesOf(model)).toEqual(before);
  });

  it('subtracts the change from a weight that the body moved', async () => {
    const before = await valuesOf(model);
    const bias = model.weights['fc2.bias']!;
    await withWeights(
      model,
      (_, w) => tf.fill(w.shape, 0.25),
      async () => {
        tf.tidy(() => bias.assign(tf.add(bias, 2)));
      },
    );
    const after = await valuesOf(model);
    after['fc2.bias']!.forEach((value, i) => expect(value).toBeCloseTo(before['fc2.bias']![i]! + 2, 6));
    expect(after['fc1.weight']).toEqual(before['fc1.weight']);
  });

  it('restores when the body or the change fails', async () => {
    const before = await valuesOf(model);
    const fail = async () => {
      throw new Error('body');
    };
    await expect(withWeights(model, third, fail)).rejects.toThrow('body');
    await expect(withWeights(model, () => tf.scalar(1), fail)).rejects.toMatchObject({ code: 'ADVROB_SHAPE' });
    expect(await valuesOf(model)).toEqual(before);
  });
});

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
