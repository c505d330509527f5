import type { Batch, BatchOptions, Dataset } from '@advrob/core';
import { datasetContract } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { imageDataset } from '../src/from/image-dataset.js';
import { exampleImages } from './example-images.js';

/** A data set that behaves like a good one but for what `spoil` changes, also in its parts. */
function spoiled(spoil: (good: Dataset) => Partial<Dataset>, good: Dataset = imageDataset(exampleImages(20))): Dataset {
  const parts: Partial<Dataset> = {
    batches: (options) => good.batches(options),
    subset: (positions) => spoiled(spoil, good.subset(positions)),
    take: (count) => spoiled(spoil, good.take(count)),
    withExtras: (extras) => good.withExtras(extras),
  };
  const { name, length, inputShape, numClasses, bounds, hash } = good;
  return { name, length, inputShape, numClasses, bounds, hash, ...parts, ...spoil(good) } as Dataset;
}

/** Options changed before, or batches changed after, a good data set draws. */
const options = (change: (wanted: BatchOptions, good: Dataset) => BatchOptions) => (good: Dataset) => ({
  batches: (wanted: BatchOptions) => good.batches(change(wanted, good)),
});
const batches = (change: (batch: Batch) => Batch) => (good: Dataset) => ({
  async *batches(wanted: BatchOptions) {
    for await (const batch of good.batches(wanted)) yield change(batch);
  },
});
function replaced(old: tf.Tensor, change: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  const made = tf.tidy(() => change(old));
  old.dispose();
  return made;
}

const mistakes: Readonly<Record<string, [check: string, spoil: (good: Dataset) => Partial<Dataset>]>> = {
  'a hash that is none': ['describes itself', () => ({ hash: 'abc' })],
  'too few class names': ['describes itself', () => ({ classNames: ['one'] })],
  'float labels': [
    'gives every example once, in well-formed batches',
    batches((batch) => ({ ...batch, y: replaced(batch.y, (y) => tf.cast(y, 'float32')) })),
  ],
  'flat images': [
    'gives every example once, in well-formed batches',
    batches((batch) => ({ ...batch, x: replaced(batch.x, (x) => tf.reshape(x, [x.shape[0]!, -1])) })),
  ],
  'a lost last batch': [
    'gives every example once, in well-formed batches',
    options((wanted) => ({ ...wanted, dropLast: true })),
  ],
  'half batches': [
    'fills every batch but the last',
    options((wanted) => ({ ...wanted, size: Math.ceil(wanted.size / 2) })),
  ],
  'bytes instead of 0 to 1': [
    'keeps inputs finite and inside its bounds',
    batches((batch) => ({ ...batch, x: replaced(batch.x, (x) => tf.mul(x, 255)) })),
  ],
  'NaN in the input': [
    'keeps inputs finite and inside its bounds',
    batches((batch) => ({ ...batch, x: replaced(batch.x, (x) => tf.mul(x, Number.NaN)) })),
  ],
  'labels from 1': [
    'keeps labels below the number of classes',
    batches((batch) => ({ ...batch, y: replaced(batch.y, (y) => tf.add(y, tf.scalar(1, 'int32'))) })),
  ],
  'ids that are places in the batch': [
    'gives each example an id of its own',
    batches((batch) => ({ ...batch, ids: batch.ids.map((_, row) => row) })),
  ],
  'inputs that differ from time to time': [
    'made again, is the same',
    batches((batch) => ({ ...batch, x: replaced(batch.x, (x) => tf.mul(x, Math.random())) })),
  ],
  'inputs scaled by the batch': [
    'gives the same examples for every batch size',
    batches((batch) => ({ ...batch, x: replaced(batch.x, (x) => tf.div(x, x.shape[0]!)) })),
  ],
  'a shuffle without a seed': [
    'keeps data-set order without a seed',
    options((wanted) => ({ seed: wanted.epoch ?? 0, ...wanted })),
  ],
  'an epoch that is ignored': ['shuffles by seed and epoch alone', options((wanted) => ({ ...wanted, epoch: 0 }))],
  'a seed that is ignored': [
    'shuffles by seed and epoch alone',
    options(({ seed, ...wanted }) => (seed === undefined ? wanted : { ...wanted, seed: 0 })),
  ],
  'epochs from 1': ['takes epoch 0 when none is named', options((wanted) => ({ epoch: 1, ...wanted }))],
  'from counted in batches': [
    'goes on from any place in the order',
    options((wanted, good) => ({ ...wanted, from: Math.min((wanted.from ?? 0) * wanted.size, good.length) })),
  ],
  'dropLast that is ignored': [
    'leaves out a last batch that is not full, when asked',
    options((wanted) => ({ ...wanted, dropLast: false })),
  ],
  'one pass for all readers': [
    'can be read twice at once',
    (good) => ({
      batches(wanted) {
        const shared = good.batches(wanted)[Symbol.asyncIterator]();
        return { [Symbol.asyncIterator]: () => shared };
      },
    }),
  ],
  'a subset in another order': [
    'keeps ids in subsets and subsets of subsets',
    (good) => ({ subset: (positions) => good.subset(positions.slice().sort()) }),
  ],
  'the same hash for every part': ['hashes what is selected', () => ({ hash: 'a'.repeat(64) })],
  'the last examples instead of the first': [
    'takes the first examples, or all there are',
    (good) => ({
      take: (count) =>
        good.subset(Int32Array.from({ length: Math.min(count, good.length) }, (_, i) => good.length - 1 - i)),
    }),
  ],
  'extras by place instead of example': [
    'carries extras with their examples',
    (good) => ({
      withExtras: ((extras: Readonly<Record<string, tf.Tensor>>) =>
        spoiled(
          batches((batch) => ({
            ...batch,
            extras: Object.fromEntries(
              Object.entries(extras).map(([name, tensor]) => [name, tf.slice(tensor, 0, batch.ids.length)]),
            ),
          })),
          good,
        )) as Dataset['withExtras'],
    }),
  ],
  'a size of 0 taken for 1': [
    'refuses numbers out of range',
    options((wanted) => ({ ...wanted, size: wanted.size || 1 })),
  ],
  'a tensor kept per batch': [
    'leaks no tensors over a whole pass',
    batches((batch) => ({ ...batch, x: tf.clone(batch.x) })),
  ],
  'tensors made ahead': [
    'makes only the tensors of the batch that was asked for',
    (good) => ({
      async *batches(wanted) {
        const ahead = [];
        for await (const batch of good.batches(wanted)) ahead.push(batch);
        yield* ahead;
      },
    }),
  ],
};

describe('the data-set contract', () => {
  it.each(Object.entries(mistakes))('catches %s', async (_, [name, spoil]) => {
    const check = datasetContract(() => spoiled(spoil)).find((candidate) => candidate.name === name);
    await expect(check!.run()).rejects.toThrow();
  });

  it('passes when nothing is spoiled', async () => {
    for (const check of datasetContract(() => spoiled(() => ({})))) await check.run();
  });
});
