import type { Dataset } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import expected from '../../test/files/cifar.json' with { type: 'json' };
import { filePath } from '../../test/test-files.js';
import { cifar10, cifar100 } from './cifar.js';

beforeAll(() => tf.setBackend('cpu'));

interface Part {
  readonly labels: readonly (readonly number[])[];
  /** Picture, row, column, channel, byte. */
  readonly pixels: readonly (readonly number[])[];
}

/** Compares a data set with what NumPy wrote; `label` is the place of its label among those of a record. */
async function compare(data: Dataset, { labels, pixels }: Part, label: number): Promise<void> {
  expect(data.length).toBe(labels.length);
  for await (const { x, y } of data.batches({ size: labels.length })) {
    expect([...(await y.data())]).toEqual(labels.map((record) => record[label]));
    const values = (await x.array()) as number[][][][];
    for (const [picture, row, column, channel, byte] of pixels)
      expect(values[picture!]![row!]![column!]![channel!]).toBe(Math.fround(byte! / 255));
    tf.dispose([x, y]);
  }
}

describe('what NumPy wrote', () => {
  it('as CIFAR-10', async () => {
    const { train, test } = await cifar10({ directory: filePath('cifar-10'), trainFiles: [1], validation: 0 });
    await compare(train, expected['cifar-10'].train, 0);
    await compare(test, expected['cifar-10'].test, 0);
  });

  it.each([
    ['coarse', 0],
    ['fine', 1],
  ] as const)('as CIFAR-100, %s labels', async (labels, place) => {
    const { train, test } = await cifar100({ directory: filePath('cifar-100'), labels, validation: 0 });
    await compare(train, expected['cifar-100'].train, place);
    await compare(test, expected['cifar-100'].test, place);
  });
});
