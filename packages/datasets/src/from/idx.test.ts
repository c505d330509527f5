import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { fixedCost, survivesDamage } from '../../test/damaged.js';
import { idxFile, idxSamples, refused, temporaryFolders } from '../../test/example-files.js';
import { idx, idxDataset } from './idx.js';

const folder = temporaryFolders();

describe('idx', () => {
  async function idxOptions(trainLabels: Uint8Array, testLabels: Uint8Array) {
    const images = (count: number) => idxFile([count, 2, 3, 2], new Uint8Array(12 * count).fill(200));
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

  it('takes a test part alone', async () => {
    const { testImages, testLabels } = await idxOptions(bytes(20, 6), bytes(4, 2));
    const { train, validation, test } = await idx({ testImages, testLabels, numClasses: 7 });
    expect([train.length, validation.length, test.length, train.numClasses]).toEqual([0, 0, 4, 7]);
    expect((await idx({ testImages, testLabels })).test.numClasses).toBe(3);
    expect((await idx({ testImages, testLabels, classNames: ['a', 'b', 'c', 'd'] })).test.numClasses).toBe(4);
    expect(() => idx({ testImages, testLabels, trainImages: testImages })).toThrow(
      refused('ADVROB_OPTION', 'both or neither'),
    );
    await expect(idx({ testImages, testLabels, validation: 2 })).rejects.toThrow(refused('ADVROB_OPTION', 'hold 2'));
  });

  it('asks what images of 0 and 1 mean', async () => {
    const images = idxFile([2, 2, 2], [0, 1, 1, 0, 1, 0, 0, 1]);
    const directory = await folder({ images, labels: bytes(2, 1) });
    const files = { testImages: join(directory, 'images'), testLabels: join(directory, 'labels') };
    await expect(idx(files)).rejects.toThrow(refused('ADVROB_BOUNDS', 'option range'));
    const { test } = await idx({ ...files, range: [0, 1] });
    for await (const { x } of test.batches({ size: 2 }))
      expect([...(await x.data())]).toEqual([0, 1, 1, 0, 1, 0, 0, 1]);
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

survivesDamage('idxDataset', {
  samples: [idxFile([2], [0, 1]), idxFile([2], [0, 0, 0, 1], 0x0b)],
  parse: (bytes) => idxDataset({ name: 'fuzz', images: idxSamples[0]!, labels: bytes, numClasses: 2 }),
  fixed: fixedCost,
  codes: ['ADVROB_DATA_FORMAT', 'ADVROB_DATA_TRUNCATED', 'ADVROB_DATA_OVERSIZED', 'ADVROB_LABEL'],
});
