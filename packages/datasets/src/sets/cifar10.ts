import { defineDataset, type Dataset } from '@advrob/core';
import * as z from 'zod';
import { readBytes } from '../files/read-bytes.js';
import { parseCifar10 } from '../formats/cifar10.js';
import { imageDataset } from '../images/image-dataset.js';
import { concatenate, requireFiles } from './cifar-files.js';
import { maxBytesOption, seedOption, validationOption } from './options.js';
import { splitValidation } from './split-validation.js';

const classNames = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/**
 * CIFAR-10, 32x32x3 photographs in 10 classes, from the folder of its binary version: `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`.
 *
 * Options: `directory` (required), `trainFiles` (which of the five to read, default all), `validation` (default a tenth of train, at most 5000),
 * `seed` of that choice (default 0), `maxBytes` per file.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` that names the missing files, `ADVROB_DATA_TRUNCATED`, `ADVROB_DATA_TOO_LARGE`, `ADVROB_LABEL`, `ADVROB_OPTION`.
 * @see Krizhevsky 2009, Learning multiple layers of features from tiny images (https://www.cs.toronto.edu/~kriz/cifar.html).
 * @example
 * ```ts
 * const { train, test } = await cifar10({ directory: 'cifar-10-batches-bin', trainFiles: [1] }); // a fifth of train
 * ```
 */
export const cifar10 = defineDataset({
  name: 'cifar10',
  summary: 'Photographs, 32x32 colour, 10 classes; from a folder with the binary version.',
  paper:
    'Krizhevsky 2009, Learning multiple layers of features from tiny images (https://www.cs.toronto.edu/~kriz/cifar.html)',
  options: z.strictObject({
    directory: z.string().describe('Folder with data_batch_1.bin ... data_batch_5.bin and test_batch.bin'),
    trainFiles: z
      .array(z.int().min(1).max(5))
      .min(1)
      .refine((numbers) => new Set(numbers).size === numbers.length, 'expected each number once')
      .default([1, 2, 3, 4, 5])
      .describe('Which data_batch files to train on'),
    validation: validationOption,
    seed: seedOption,
    maxBytes: maxBytesOption,
  }),
  async load({ directory, trainFiles, maxBytes, ...choice }) {
    const names = trainFiles.map((number) => `data_batch_${number}.bin`);
    const paths = await requireFiles(
      directory,
      [...names, 'test_batch.bin'],
      'Fetch the binary version, or set trainFiles to the numbers that are there.',
    );
    const train = await load(paths.slice(0, -1), maxBytes);
    return splitValidation(train, await load(paths.slice(-1), maxBytes), choice);
  },
});

async function load(paths: readonly string[], maxBytes: number): Promise<Dataset> {
  const parts = [];
  for (const path of paths) parts.push(parseCifar10(await readBytes(path, maxBytes), path));
  return imageDataset({
    name: 'cifar10',
    images: concatenate(parts.map(({ images }) => images)),
    labels: concatenate(parts.map(({ labels }) => labels)),
    shape: [32, 32, 3],
    numClasses: 10,
    classNames,
  });
}
