import * as tf from '@tensorflow/tfjs-core';
import type { BatchOptions } from '../../contract/index.js';
import { AdvrobError } from '../../errors.js';
import { ensure } from '../check.js';
import type { DatasetCheck } from './drawn-examples.js';
import { drawExamples, ensureSameExamples } from './drawn-examples.js';

/** Parts of a data set, further tensors beside it, and what it refuses. */
export const selectionChecks: Readonly<Record<string, DatasetCheck>> = {
  'keeps ids in subsets and subsets of subsets': async (dataset) => {
    const whole = await drawExamples(dataset, { size: 4 });
    const subset = dataset.subset(Int32Array.of(5, 0, 3));
    ensure(subset.length === 3, `expected a subset of 3 examples, got ${subset.length}`);
    ensureSameExamples(await drawExamples(subset, { size: 2 }), [whole[5]!, whole[0]!, whole[3]!], 'subset [5, 0, 3]');
    const nested = await drawExamples(subset.subset(Int32Array.of(2, 0)), { size: 2 });
    ensureSameExamples(nested, [whole[3]!, whole[5]!], 'subset [2, 0] of it');
  },

  'hashes what is selected': async (dataset, again) => {
    const hashOf = (...positions: number[]) => dataset.subset(Int32Array.from(positions)).hash;
    ensure(hashOf(0, 1) === again.subset(Int32Array.of(0, 1)).hash, 'expected the same hash for the same subset');
    ensure(hashOf(0, 1) === dataset.take(2).hash, 'expected the same hash for subset [0, 1] and take(2)');
    const hashes = [dataset.hash, hashOf(0, 1), hashOf(1, 0), hashOf(0, 2), hashOf(0)];
    ensure(new Set(hashes).size === hashes.length, 'expected other hashes for other subsets');
  },

  'takes the first examples, or all there are': async (dataset) => {
    const whole = await drawExamples(dataset, { size: 4 });
    ensureSameExamples(await drawExamples(dataset.take(5), { size: 4 }), whole.slice(0, 5), 'take(5)');
    ensureSameExamples(await drawExamples(dataset.take(dataset.length + 5), { size: 4 }), whole, 'take(more)');
    ensure((await drawExamples(dataset.take(0), { size: 4 })).length === 0, 'expected take(0) to give no batches');
  },

  'carries extras with their examples': async (dataset) => {
    const ids = (await drawExamples(dataset, { size: 4 })).map(({ id }) => id);
    const marks = tf.tensor2d(ids, [ids.length, 1], 'int32');
    try {
      const marked = dataset.withExtras({ mark: marks });
      for (const part of [marked, marked.subset(Int32Array.of(4, 1, 6)), marked.take(5).take(3)])
        for (const { id, extras } of await drawExamples(part, { size: 3, seed: 7 }))
          ensure(extras['mark'] === id, `expected the extra of example ${id}, got that of ${extras['mark']}`);
      ensure(!marks.isDisposed, 'expected extras to stay with their owner');
      const refused = await refusal(async () => dataset.take(4).withExtras({ mark: marks }));
      ensure(refused instanceof AdvrobError, 'expected an AdvrobError for extras of another length');
    } finally {
      marks.dispose();
    }
  },

  'refuses numbers out of range': async (dataset) => {
    const wrong: BatchOptions[] = [
      { size: 0 },
      { size: 1.5 },
      { size: Number.NaN },
      { size: 2, from: -1 },
      { size: 2, from: dataset.length + 1 },
      { size: 2, epoch: -1, seed: 0 },
      { size: 2, seed: 0.5 },
    ];
    for (const options of wrong)
      ensure(
        (await refusal(() => drawExamples(dataset, options))) instanceof AdvrobError,
        `expected an AdvrobError for batches(${JSON.stringify(options)})`,
      );
    for (const position of [-1, dataset.length])
      ensure(
        (await refusal(async () => dataset.subset(Int32Array.of(position)))) instanceof AdvrobError,
        `expected an AdvrobError for subset [${position}]`,
      );
  },
};

/** What `body` throws, or undefined. */
async function refusal(body: () => Promise<unknown>): Promise<unknown> {
  try {
    await body();
    return undefined;
  } catch (error) {
    return error;
  }
}
