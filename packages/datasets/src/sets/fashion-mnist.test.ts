import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { idxFile, idxPair, mnistFiles, refused, temporaryFolders } from '../../test/example-files.js';
import { fashionMnist } from './fashion-mnist.js';

const folder = temporaryFolders();
const fashionFolder = (change: Readonly<Record<string, Uint8Array>> = {}) => folder({ ...mnistFiles(), ...change });

describe('Fashion-MNIST', () => {
  it('reads gzipped and plain files and names its classes', async () => {
    const { train, validation, test } = await fashionMnist({ directory: await fashionFolder() });
    expect([train.length, validation.length, test.length]).toEqual([27, 3, 12]);
    expect(train.classNames?.[9]).toBe('Ankle boot');
  });

  it('takes the test part alone, but not half of a training part', async () => {
    const files = mnistFiles();
    const test = Object.fromEntries(Object.entries(files).filter(([name]) => name.startsWith('t10k')));
    const splits = await fashionMnist({ directory: await folder(test) });
    expect([splits.train.length, splits.validation.length, splits.test.length]).toEqual([0, 0, 12]);
    const labels = { 'train-labels-idx1-ubyte.gz': files['train-labels-idx1-ubyte.gz']! };
    await expect(fashionMnist({ directory: await folder({ ...test, ...labels }) })).rejects.toThrow(
      refused('ADVROB_DATA_MISSING', 'train-images'),
    );
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
