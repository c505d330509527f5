import * as tf from '@tensorflow/tfjs-core';
import type { Dataset } from '../../contract/index.js';
import { ensure } from '../check.js';
import type { DatasetCheck } from './drawn-examples.js';
import { freeBatch } from './drawn-examples.js';

/** Time for a batch prepared ahead to come to nothing. */
const pause = 10;

/** Batches are the consumer's; the data set itself must hold no tensors. */
export const memoryChecks: Readonly<Record<string, DatasetCheck>> = {
  'leaks no tensors over a whole pass': async (dataset) => {
    await ensureNoTensorsLeft(() => readBatches(dataset, Infinity));
  },

  'leaks no tensors when a loop is left early': async (dataset) => {
    await ensureNoTensorsLeft(() => readBatches(dataset, 1));
  },

  'leaks no tensors when a loop throws': async (dataset) => {
    await ensureNoTensorsLeft(async () => {
      try {
        for await (const batch of dataset.batches({ size: 2, seed: 7 })) {
          freeBatch(batch);
          throw new Error('left');
        }
      } catch (error) {
        ensure(
          error instanceof Error && error.message === 'left',
          `expected the loop's own error, got ${String(error)}`,
        );
      }
    });
  },

  'makes no tensors until a batch is asked for': async (dataset) => {
    await ensureNoTensorsLeft(async () => {
      dataset.batches({ size: 2 })[Symbol.asyncIterator]();
      dataset.subset(Int32Array.of(1, 2)).batches({ size: 2, seed: 1 });
      ensure(dataset.hash.length > 0, 'expected a hash');
    });
  },

  'makes only the tensors of the batch that was asked for': async (dataset) => {
    const before = tf.memory().numTensors;
    const batches = dataset.batches({ size: 2 })[Symbol.asyncIterator]();
    const { value } = await batches.next();
    await new Promise((resolve) => setTimeout(resolve, pause));
    const made = tf.memory().numTensors - before;
    const expected = 2 + Object.keys(value.extras).length;
    freeBatch(value);
    await batches.return?.();
    ensure(made === expected, `expected the ${expected} tensors of one batch, got ${made}`);
  },

  'stays at its end': async (dataset) => {
    await ensureNoTensorsLeft(async () => {
      const batches = dataset.take(1).batches({ size: 1 })[Symbol.asyncIterator]();
      const first = await batches.next();
      ensure(first.done !== true, 'expected a batch');
      freeBatch(first.value);
      for (let i = 0; i < 2; i++) ensure((await batches.next()).done === true, 'expected the end, and again the end');
    });
  },
};

async function readBatches(dataset: Dataset, most: number): Promise<void> {
  let count = 0;
  for await (const batch of dataset.batches({ size: 2, seed: 7 })) {
    freeBatch(batch);
    if (++count >= most) break;
  }
}

async function ensureNoTensorsLeft(body: () => Promise<void>): Promise<void> {
  const before = tf.memory().numTensors;
  await body();
  await new Promise((resolve) => setTimeout(resolve, pause));
  const left = tf.memory().numTensors - before;
  ensure(left === 0, `expected no tensors left over, got ${left}`);
}
