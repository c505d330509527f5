import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Classifier, ForwardOptions } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors } from '@advrob/core/safetensors';
import models, { loadModel, savePytorchWeights } from '../src/index.js';
import { type Fixture, hasFixture, readFixture, readWeights } from './fixtures.js';

function load(name: string): { model: Classifier; fixture: Fixture; x: tf.Tensor } {
  const fixture = readFixture(name);
  const model = loadModel(readWeights(name), { architecture: name, options: fixture.options });
  return { model, fixture, x: tf.tensor(fixture.x, [4, ...model.inputShape]) };
}

/** Logits and the gradient of the summed cross-entropy. */
async function pass(model: Classifier, x: tf.Tensor, labels: number[], how?: ForwardOptions) {
  const oneHot = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), model.numClasses), 'float32');
  const loss = (z: tf.Tensor): tf.Scalar => tf.neg(tf.sum(tf.mul(oneHot, tf.logSoftmax(model.logits(z, how)))));
  return { logits: await model.logits(x, how).data(), gradient: await tf.grad(loss)(x).data() };
}

const largest = (values: Iterable<number>) => Math.max(...[...values].map(Math.abs));

/**
 * Largest difference of each of the four rows, relative to the row's largest entry in `expected`.
 */
function rowErrors(found: ArrayLike<number>, expected: number[]): number[] {
  const length = expected.length / 4;
  return [0, 1, 2, 3].map((row) => {
    const part = expected.slice(row * length, (row + 1) * length);
    return largest(part.map((value, i) => value - found[row * length + i]!)) / largest(part);
  });
}

async function expectAgreement(found: Awaited<ReturnType<typeof pass>>, expected: Fixture['eval']) {
  const range = Math.max(...expected.logits) - Math.min(...expected.logits);
  expect(largest(expected.logits.map((value, i) => value - found.logits[i]!))).toBeLessThan(1e-5 * range);
  for (const error of rowErrors(found.gradient, expected.gradient)) expect(error).toBeLessThan(2e-5);
}

describe('agrees with PyTorch', () => {
  it.each(Object.keys(models.models))('%s: logits and input gradient', async (name) => {
    const { model, fixture, x } = load(name);
    await expectAgreement(await pass(model, x, fixture.labels), fixture.eval);
    const normalizes = Object.keys(model.buffers ?? {}).some((buffer) => buffer.endsWith('running_mean'));
    expect(fixture.train !== undefined, 'batch norm is compared in train mode too').toBe(normalizes);
    model.dispose!();
  });

  it.each(Object.keys(models.models))('%s: writes the file that PyTorch wrote', async (name) => {
    const { model } = load(name);
    const [mine, its] = [await savePytorchWeights(model), readWeights(name)].map((bytes) => decodeSafetensors(bytes));
    const expected = [...its!.records].filter(([key]) => !key.endsWith('num_batches_tracked'));
    expect([...mine!.records.keys()].sort()).toEqual(expected.map(([key]) => key).sort());
    for (const [key, record] of expected) expect(mine!.records.get(key), key).toEqual(record);
    expect(mine!.metadata.get('format')).toBe('pt');
    model.dispose!();
  });

  const normalizing = Object.keys(models.models).filter((name) => hasFixture(name) && readFixture(name).train);
  it.each(normalizing)('%s in train and probe mode: logits, gradient, running statistics', async (name) => {
    const { model, fixture, x } = load(name);
    const buffers = { ...model.buffers };
    const before = await Promise.all(Object.values(buffers).map((buffer) => buffer.data()));

    await expectAgreement(await pass(model, x, fixture.labels, { mode: 'probe' }), fixture.train!);
    const afterProbe = await Promise.all(Object.values(buffers).map((buffer) => buffer.data()));
    expect(afterProbe).toEqual(before);

    model.logits(x, { mode: 'train' }).dispose();
    expect(Object.keys(buffers).sort()).toEqual(Object.keys(fixture.buffers!).sort());
    for (const [name, expected] of Object.entries(fixture.buffers!)) {
      const found = await buffers[name]!.data();
      expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
    }
    model.dispose!();
  });
});
