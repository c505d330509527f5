import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import '@tensorflow/tfjs-backend-cpu';
import { afterEach, describe, expect, it } from 'vitest';
import { folderOf, idxFile, idxPair, planarFile } from '../../test/example-files.js';
import { cifar10, cifar100, fashionMnist, idx, mnist } from '../index.js';

const folders: string[] = [];
async function folder(files: Parameters<typeof folderOf>[0]): Promise<string> {
  folders.push(await folderOf(files));
  return folders.at(-1)!;
}
afterEach(async () => {
  for (const path of folders.splice(0)) await rm(path, { recursive: true });
});

const refused = (code: string, ...parts: string[]) =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(new RegExp(parts.map((part) => `(?=.*${part})`).join(''), 's')),
  });

async function fashionFolder(change: Readonly<Record<string, Uint8Array>> = {}): Promise<string> {
  const [train, test] = [idxPair(30), idxPair(12, 5)];
  return folder({
    'train-images-idx3-ubyte.gz': gzipSync(train.images),
    'train-labels-idx1-ubyte.gz': gzipSync(train.labels),
    't10k-images-idx3-ubyte': test.images,
    't10k-labels-idx1-ubyte': test.labels,
    ...change,
  });
}

describe('Fashion-MNIST', () => {
  it('reads gzipped and plain files and names its classes', async () => {
    const { train, validation, test } = await fashionMnist({ directory: await fashionFolder() });
    expect([train.length, validation.length, test.length]).toEqual([27, 3, 12]);
    expect(train.classNames?.[9]).toBe('Ankle boot');
  });

  it('splits without overlap, by the seed alone', async () => {
    const directory = await fashionFolder();
    const [one, same, other] = await Promise.all(
      [1, 1, 2].map((seed) => fashionMnist({ directory, seed, validation: 10 })),
    );
    expect(same!.validation.hash).toBe(one!.validation.hash);
    expect(other!.validation.hash).not.toBe(one!.validation.hash);
    const none = await fashionMnist({ directory, validation: 0 });
    expect([none.train.length, none.validation.length]).toEqual([30, 0]);
  });

  it.each([
    [
      'a damaged gzip',
      { 'train-images-idx3-ubyte.gz': gzipSync(idxPair(30).images).subarray(0, 500) },
      'ADVROB_DATA_GZIP',
    ],
    ['fewer labels than images', { 'train-labels-idx1-ubyte.gz': gzipSync(idxPair(29).labels) }, 'ADVROB_SHAPE'],
    ['other image sizes', { 't10k-images-idx3-ubyte': idxFile([12, 1, 2], new Uint8Array(24)) }, 'ADVROB_SHAPE'],
    ['a label of 10', { 't10k-labels-idx1-ubyte': idxFile([12], new Uint8Array(12).fill(10)) }, 'ADVROB_LABEL'],
    ['labels for images', { 't10k-images-idx3-ubyte': idxPair(12).labels }, 'ADVROB_DATA_FORMAT'],
    ['images for labels', { 't10k-labels-idx1-ubyte': idxPair(12).images }, 'ADVROB_DATA_FORMAT'],
    ['a truncated file', { 't10k-images-idx3-ubyte': idxPair(12).images.subarray(0, -1) }, 'ADVROB_DATA_TRUNCATED'],
  ])('refuses %s', async (_, change, code) => {
    await expect(fashionMnist({ directory: await fashionFolder(change) })).rejects.toThrow(refused(code));
  });

  it('keeps to maxBytes, on disk and after decompression', async () => {
    const directory = await fashionFolder();
    const compressed = gzipSync(idxPair(30).images).length;
    await expect(fashionMnist({ directory, maxBytes: compressed - 1 })).rejects.toThrow(
      refused('ADVROB_DATA_TOO_LARGE', `found ${compressed}`),
    );
    await expect(fashionMnist({ directory, maxBytes: 30 * 784 + 15 })).rejects.toThrow(
      refused('ADVROB_DATA_TOO_LARGE', 'after decompression'),
    );
    expect((await fashionMnist({ directory, maxBytes: 30 * 784 + 16 })).test.length).toBe(12);
  });

  it('names a missing file and what is there instead', async () => {
    const directory = await folder({ 'other.gz': Uint8Array.of(1) });
    await expect(fashionMnist({ directory })).rejects.toThrow(
      refused('ADVROB_DATA_MISSING', 'train-images-idx3-ubyte.gz', 'other.gz'),
    );
    await expect(fashionMnist({ directory: join(directory, 'none') })).rejects.toThrow(refused('ADVROB_DATA_MISSING'));
    // @ts-expect-error the folder is required
    expect(() => fashionMnist()).toThrow(refused('ADVROB_OPTION', 'directory'));
  });
});

describe('mnist from a folder', () => {
  it('refuses other files under the same names', async () => {
    await expect(mnist({ directory: await fashionFolder() })).rejects.toThrow(
      refused('ADVROB_DATA_CHECKSUM', 'train-images-idx3-ubyte.gz', 'ba891046'),
    );
  });
});

describe('idx', () => {
  async function idxOptions(trainLabels: Uint8Array, testLabels: Uint8Array) {
    const images = (count: number) => idxFile([count, 2, 3, 2], new Uint8Array(12 * count));
    const directory = await folder({ a: images(20), b: trainLabels, c: images(4), d: testLabels });
    const [trainImages, b, testImages, d] = ['a', 'b', 'c', 'd'].map((name) => join(directory, name));
    return { trainImages: trainImages!, trainLabels: b!, testImages: testImages!, testLabels: d! };
  }
  const bytes = (count: number, most: number) =>
    idxFile(
      [count],
      Array.from({ length: count }, (_, i) => i % (most + 1)),
    );

  it('takes colour images, and the number of classes from the training labels', async () => {
    const { train, validation, test } = await idx(await idxOptions(bytes(20, 6), bytes(4, 2)));
    expect([train.length, validation.length, test.length]).toEqual([18, 2, 4]);
    expect(train.inputShape).toEqual([2, 3, 2]);
    expect([train.numClasses, test.numClasses]).toEqual([7, 7]);
  });

  it('refuses test labels that training does not have, unless told the number of classes', async () => {
    const options = await idxOptions(bytes(20, 1), bytes(4, 2));
    await expect(idx(options)).rejects.toThrow(refused('ADVROB_LABEL', 'got 2'));
    expect((await idx({ ...options, numClasses: 3 })).test.numClasses).toBe(3);
    await expect(idx({ ...options, numClasses: 3, classNames: ['a'] })).rejects.toThrow(refused('ADVROB_SHAPE'));
  });

  it('refuses absurd, negative and float labels', async () => {
    const int32 = (last: number[]) => idxFile([20], [...new Uint8Array(76), ...last], 0x0c);
    const float = idxFile([20], new Uint8Array(80), 0x0d);
    const code = async (labels: Uint8Array) => idx(await idxOptions(labels, bytes(4, 0)));
    await expect(code(int32([0x7f, 0xff, 0xff, 0xff]))).rejects.toThrow(refused('ADVROB_LABEL', '2147483647'));
    await expect(code(int32([0xff, 0xff, 0xff, 0xff]))).rejects.toThrow(refused('ADVROB_LABEL', '-1'));
    await expect(code(float)).rejects.toThrow(refused('ADVROB_DATA_FORMAT', 'float32'));
  });

  it('refuses a folder in the place of a file', async () => {
    const options = await idxOptions(bytes(20, 1), bytes(4, 1));
    const trainImages = join(options.trainImages, '..');
    await expect(idx({ ...options, trainImages })).rejects.toThrow(refused('ADVROB_DATA_MISSING'));
  });
});

describe('CIFAR', () => {
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
