import { defineDataset } from '@advrob/core';
import type { Dataset } from '@advrob/core';
import * as z from 'zod';
import { inferClasses, maxBytesOption, seedOption, splitValidation, validationOption } from './options.js';
import { readBytes } from './files.js';
import { readParquet } from '../formats/parquet.js';
import { pictureDataset } from './picture-dataset.js';

const paths = z.union([z.string(), z.array(z.string()).min(1)]);

/**
 * PNG pictures in Parquet files, as Hugging Face serves MNIST, CIFAR-10 and others (`train-00000-of-00001.parquet`). The encoded pictures are kept in
 * memory and decoded when a batch needs them.
 *
 * Options: `train` and `test` (a path, or a list of shards in order; required), `image` (column, default `image`; `img` in CIFAR-10), `label` (column,
 * default `label`; `fine_label` or `coarse_label` in CIFAR-100), `numClasses` (default: the largest training label plus one), `classNames`,
 * `validation`, `seed`, `maxBytes` per file, also after decompression.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` when a file or column is not there, `ADVROB_DATA_FORMAT`, `ADVROB_DATA_TOO_LARGE`,
 * `ADVROB_DATA_CHECKSUM`, `ADVROB_SHAPE` when pictures differ in size, `ADVROB_LABEL`.
 * @example
 * ```ts
 * const { train, test } = await parquet({ train: 'mnist/train-00000-of-00001.parquet', test: 'mnist/test-00000-of-00001.parquet' });
 * ```
 */
export const parquet = defineDataset({
  name: 'parquet',
  summary: 'PNG pictures in Parquet files, as Hugging Face serves MNIST and CIFAR.',
  options: z.strictObject({
    train: paths.describe('Parquet file of training examples, or a list of shards'),
    test: paths.describe('Parquet file of test examples, or a list of shards'),
    image: z.string().default('image').describe('Column of pictures'),
    label: z.string().default('label').describe('Column of class indices'),
    numClasses: z.int().min(1).optional().describe('Number of classes; default the largest training label plus one'),
    classNames: z.array(z.string()).optional().describe('Names of the classes, in label order'),
    validation: validationOption,
    seed: seedOption,
    maxBytes: maxBytesOption,
  }),
  async load({ train, test, image, label, numClasses, classNames, maxBytes, ...choice }) {
    const read = async (files: string | string[], expected?: Dataset): Promise<Dataset> => {
      const pictures: Uint8Array[] = [];
      const labels: number[] = [];
      for (const path of [files].flat()) {
        const shard = await readParquet(await readBytes(path, maxBytes), { image, label }, maxBytes, path);
        for (const picture of shard.pictures) pictures.push(picture);
        for (const each of shard.labels) labels.push(each);
      }
      return pictureDataset({
        name: 'parquet',
        labels,
        numClasses: expected?.numClasses ?? numClasses ?? inferClasses(labels, 'parquet'),
        ...(classNames === undefined ? {} : { classNames }),
        ...(expected === undefined ? {} : { shape: expected.inputShape as [number, number, number] }),
        bytesOf: (position) => pictures[position]!,
        nameOf: (position) => `parquet, picture ${position}`,
        maxBytes,
      });
    };
    const all = await read(train);
    return splitValidation(all, await read(test, all), choice);
  },
});
