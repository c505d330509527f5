import type { Dataset } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { planarFile, refused, temporaryFolders } from '../../test/example-files.js';
import expected from '../../test/files/cifar.json' with { type: 'json' };
import { filePath } from '../../test/test-files.js';
import { cifar10, cifar100 } from './cifar.js';

beforeAll(() => tf.setBackend('cpu'));

interface Part {
  readonly labels: readonly (readonly number[])[];
  /** Picture, row, column, channel, byte. */
  readonly pixels: readonly (readonly number[])[];
}

/**
 * Compares a data set with what NumPy wrote; `label` is the place of its label among those of a
 * record.
 */
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

describe('CIFAR', () => {
  const folder = temporaryFolders();
  const batch = (count: number) => planarFile(count, (record) => [record % 10]);

  it('reads the training files that are asked for, in that order', async () => {
    const directory = await folder({
      'data_batch_2.bin': batch(4),
      'data_batch_4.bin': planarFile(2, () => [9]),
      'test_batch.bin': batch(3),
    });
    const load = (...trainFiles: number[]) => cifar10({ directory, trainFiles, validation: 0 });
    expect((await load(2, 4)).train.length).toBe(6);
    expect((await load(2)).train.length).toBe(4);
    expect((await load(4, 2)).train.hash).not.toBe((await load(2, 4)).train.hash);
    expect((await load(2)).test.classNames?.[6]).toBe('frog');
    expect(() => load(2, 2)).toThrow(refused('ADVROB_OPTION', 'each number once'));
  });

  it('takes the test file alone', async () => {
    const [ten, hundred] = [
      await folder({ 'test_batch.bin': batch(3) }),
      await folder({ 'test.bin': planarFile(2, () => [1, 2]) }),
    ];
    for (const { train, validation, test } of [
      await cifar10({ directory: ten }),
      await cifar100({ directory: hundred }),
    ])
      expect([train.length, validation.length, test.length > 1]).toEqual([0, 0, true]);
  });

  it('says which files are missing', async () => {
    const directory = await folder({ 'data_batch_1.bin': batch(2), 'test_batch.bin': batch(2) });
    await expect(cifar10({ directory })).rejects.toThrow(
      refused(
        'ADVROB_DATA_MISSING',
        'missing: data_batch_2.bin, data_batch_3.bin',
        'found: .*test_batch.bin',
        'trainFiles',
      ),
    );
    await expect(cifar100({ directory })).rejects.toThrow(
      refused('ADVROB_DATA_MISSING', 'missing: train.bin, test.bin'),
    );
  });

  it('gives fine or coarse labels and the names beside the data', async () => {
    const directory = await folder({
      'train.bin': planarFile(10, (record) => [record, 90 + record]),
      'test.bin': planarFile(2, (record) => [record, 50]),
      'coarse_label_names.txt': Array.from({ length: 20 }, (_, i) => `super ${i}\n`).join(''),
    });
    const fine = await cifar100({ directory });
    expect([fine.test.numClasses, fine.test.classNames]).toEqual([100, undefined]);
    const coarse = await cifar100({ directory, labels: 'coarse' });
    expect([coarse.test.numClasses, coarse.test.classNames?.[19]]).toEqual([20, 'super 19']);
    await writeFile(join(directory, 'coarse_label_names.txt'), 'one\ntwo\n');
    await expect(cifar100({ directory, labels: 'coarse' })).rejects.toThrow(refused('ADVROB_DATA_FORMAT', 'found 2'));
  });
});
