import { defineDataset, type Dataset } from '@advrob/core';
import * as z from 'zod';
import { readParquet } from '../formats/parquet.js';
import { readBytes } from './files.js';
import { classOptions, fileOptions, inferClasses, splitsOf } from './options.js';
import { pictureDataset } from './picture-dataset.js';
import { pictureOptions } from './picture-options.js';

const paths = z.union([z.string(), z.array(z.string()).min(1)]);

/**
 * PNG, JPEG and WebP pictures in Parquet files `train` and `test` (paths, or lists of shards), as Hugging Face
 * serves MNIST and CIFAR, kept encoded and decoded when a batch needs them. Columns are `image`
 * (default `image`; CIFAR-10 has `img`) and `label` (default `label`; CIFAR-100 has `fine_label`
 * and `coarse_label`). `resize`, `crop` and the like prepare pictures as torchvision does. Further
 * options as in {@link idx}.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` when a file or column is not there, `ADVROB_SHAPE` when
 *   pictures differ in size, `ADVROB_DATA_CHECKSUM`, and as {@link idx}.
 * @example
 * ```ts
 * const file = (part: string) => `mnist/${part}-00000-of-00001.parquet`;
 * const { train, test } = await parquet({ train: file('train'), test: file('test') });
 * ```
 */
export const parquet = defineDataset({
  name: 'parquet',
  summary: 'PNG, JPEG and WebP pictures in Parquet files, as Hugging Face serves MNIST and CIFAR.',
  options: z.strictObject({
    train: paths.optional().describe('Parquet file of training examples, or a list of shards'),
    test: paths.describe('Parquet file of test examples, or a list of shards; enough to attack and evaluate'),
    image: z.string().default('image').describe('Column of pictures'),
    label: z.string().default('label').describe('Column of class indices'),
    ...pictureOptions,
    ...classOptions,
    ...fileOptions,
  }),
  async load({ train, test, image, label, numClasses, classNames, validation, seed, ...options }) {
    const { maxBytes } = options;
    const read = async (files: string | string[], expected?: Dataset): Promise<Dataset> => {
      const pictures: Uint8Array[] = [];
      const labels: number[] = [];
      let noted: readonly string[] | undefined;
      for (const path of [files].flat()) {
        const shard = await readParquet(await readBytes(path, maxBytes), { image, label }, maxBytes, path);
        for (const picture of shard.pictures) pictures.push(picture);
        for (const each of shard.labels) labels.push(each);
        noted ??= shard.classNames;
      }
      return pictureDataset({
        name: 'parquet',
        labels,
        ...classesOf(expected, { numClasses, classNames: classNames ?? noted, labels }),
        shape: expected?.inputShape as [number, number, number] | undefined,
        bytesOf: (position) => pictures[position]!,
        nameOf: (position) => `parquet, picture ${position}`,
        options,
      });
    };
    const all = train === undefined ? undefined : await read(train);
    return splitsOf(all, await read(test, all), { validation, seed });
  },
});

/** As the training part has them; else as they are named; else as many as the labels need. */
function classesOf(
  expected: Dataset | undefined,
  {
    numClasses,
    classNames,
    labels,
  }: {
    readonly numClasses: number | undefined;
    readonly classNames: readonly string[] | undefined;
    readonly labels: readonly number[];
  },
): Pick<Dataset, 'numClasses'> & { readonly classNames: readonly string[] | undefined } {
  if (expected !== undefined) return { numClasses: expected.numClasses, classNames: expected.classNames };
  return { numClasses: numClasses ?? classNames?.length ?? inferClasses(labels, 'parquet'), classNames };
}
