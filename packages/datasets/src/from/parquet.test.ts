import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import pictures from '../../test/files/pictures.json' with { type: 'json' };
import expected from '../../test/files/png.json' with { type: 'json' };
import { fileBytes, filePath } from '../../test/test-files.js';
import { readParquet } from '../formats/parquet.js';
import { parquet } from './parquet.js';

const file = filePath('hugging-face.parquet');
beforeAll(() => tf.setBackend('cpu'));

describe('parquet', () => {
  it('reads what DuckDB wrote as Hugging Face does, shard after shard', async () => {
    const { train, test } = await parquet({ train: [file, file], test: file, validation: 0, numClasses: 4 });
    expect([train.length, test.length, train.numClasses, test.numClasses]).toEqual([24, 12, 4, 4]);
    for await (const { x, y } of train.batches({ size: 24 })) {
      const labels = [0, 1, 2, 3, 4, 5].flatMap((i) => [i % 3, i % 3]);
      expect([...(await y.data())]).toEqual([...labels, ...labels]);
      const rows = (await tf.reshape(x, [24, -1]).array()) as number[][];
      expect(rows[0]).toEqual(expected.colour.data.map((byte) => Math.fround(byte / 255)));
      expect(rows[23]).toEqual(expected.opaque.data.map((byte) => Math.fround(byte / 255)));
    }
  });

  it('takes the test part alone', async () => {
    const { train, validation, test } = await parquet({ test: file });
    expect([train.length, validation.length, test.length, test.numClasses]).toEqual([0, 0, 12, 3]);
  });

  it('reads JPEG, WebP and PNG pictures of one column, and prepares them', async () => {
    const { test } = await parquet({ test: filePath('pictures.parquet'), crop: [30, 29] });
    const png = pictures.prepared.find(({ file: name, crop }) => name === 'colour.png' && String(crop) === '30,29')!;
    for await (const { x, y } of test.batches({ size: 3 })) {
      expect([...(await y.data())]).toEqual([2, 0, 1]);
      expect(x.shape).toEqual([3, 30, 29, 3]);
      const last = (await tf.reshape(x, [3, -1]).array()) as number[][];
      const bytes = Buffer.from(png.uint8.data, 'base64');
      expect(last[2]).toEqual(Array.from(bytes, (byte) => Math.fround(byte / 255)));
    }
  });

  it('goes by the names that Hugging Face noted, unless told otherwise', async () => {
    const load = async (more: object = {}) => (await parquet({ test: filePath('pictures.parquet'), ...more })).test;
    const test = await load();
    expect([test.numClasses, test.classNames]).toEqual([4, ['cat', 'dog', 'fish', 'bird']]);
    expect((await load({ classNames: ['a', 'b', 'c'] })).classNames).toEqual(['a', 'b', 'c']);
    await expect(load({ numClasses: 3 })).rejects.toMatchObject({ code: 'ADVROB_SHAPE' });
  });

  it('reads plain columns, other names and zstd', async () => {
    const plain = filePath('plain.parquet');
    const { train } = await parquet({ train: plain, test: plain, image: 'img', label: 'fine_label', validation: 0 });
    expect([train.length, train.numClasses]).toEqual([2, 2]);
    await expect(parquet({ train: plain, test: plain })).rejects.toMatchObject({
      code: 'ADVROB_DATA_MISSING',
      message: expect.stringContaining('img, fine_label') as string,
    });
  });

  it('refuses other columns and files above the limit', async () => {
    const columns = { image: 'label', label: 'image' };
    await expect(readParquet(await fileBytes('hugging-face.parquet'), columns, 1e6)).rejects.toMatchObject({
      code: 'ADVROB_DATA_FORMAT',
    });
    await expect(parquet({ train: file, test: file, maxBytes: 1000 })).rejects.toMatchObject({
      code: 'ADVROB_DATA_TOO_LARGE',
    });
    const columnsOfHuggingFace = { image: 'image', label: 'label' };
    await expect(readParquet(await fileBytes('hugging-face.parquet'), columnsOfHuggingFace, 100)).rejects.toMatchObject(
      {
        code: 'ADVROB_DATA_TOO_LARGE',
      },
    );
  });
});
