import { AdvrobError, defineDataset, type Dataset } from '@advrob/core';
import { join } from 'node:path';
import * as z from 'zod';
import { parseCifar10, parseCifar100 } from '../formats/cifar.js';
import { concatenate } from '../pictures/picture.js';
import { listFolder, readBytes } from '../from/files.js';
import { imageDataset } from '../from/image-dataset.js';
import { fileOptions, splitsOf } from '../from/options.js';

const classesOf10 = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/**
 * CIFAR-10, 32x32x3 photographs in 10 classes (Krizhevsky 2009, *Learning multiple layers of
 * features from tiny images*, https://www.cs.toronto.edu/~kriz/cifar.html), from the `directory` of
 * its binary version: `data_batch_1.bin` to `data_batch_5.bin`, of which `trainFiles` (default all)
 * are read, and `test_batch.bin`. `validation`, `seed` and `maxBytes` as in {@link idx}.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` that names the missing files, `ADVROB_DATA_TRUNCATED`,
 *   `ADVROB_DATA_TOO_LARGE`, `ADVROB_LABEL`, `ADVROB_OPTION`.
 * @example
 * ```ts
 * const aFifth = { directory: 'cifar-10-batches-bin', trainFiles: [1] };
 * const { train, test } = await cifar10(aFifth);
 * ```
 */
export const cifar10 = defineDataset({
  name: 'cifar10',
  summary: 'Photographs, 32x32 colour, 10 classes; from a folder with the binary version.',
  paper:
    'Krizhevsky 2009, Learning multiple layers of features from tiny images (https://www.cs.toronto.edu/~kriz/cifar.html)',
  options: z.strictObject({
    directory: z
      .string()
      .describe('Folder with data_batch_1.bin ... data_batch_5.bin and test_batch.bin, or the latter alone'),
    trainFiles: z
      .array(z.int().min(1).max(5))
      .min(1)
      .refine((numbers) => new Set(numbers).size === numbers.length, 'expected each number once')
      .default([1, 2, 3, 4, 5])
      .describe('Which data_batch files to train on'),
    ...fileOptions,
  }),
  async load({ directory, trainFiles, maxBytes, ...choice }) {
    const names = trainFiles.map((number) => `data_batch_${number}.bin`);
    const { train, test } = await requireFiles(directory, names, 'test_batch.bin', {
      anyTrain: /^data_batch_\d\.bin$/,
      remedy: 'Fetch the binary version, or set trainFiles to the numbers that are there.',
    });
    const all = train && (await cifar10Images(train, maxBytes));
    return splitsOf(all, await cifar10Images([test], maxBytes), choice);
  },
});

async function cifar10Images(paths: readonly string[], maxBytes: number): Promise<Dataset> {
  const parts = [];
  for (const path of paths) parts.push(parseCifar10(await readBytes(path, maxBytes), path));
  return imageDataset({
    name: 'cifar10',
    images: concatenate(parts.map(({ images }) => images)),
    labels: concatenate(parts.map(({ labels }) => labels)),
    shape: [32, 32, 3],
    numClasses: 10,
    classNames: classesOf10,
  });
}

const numClasses = { fine: 100, coarse: 20 } as const;
type Granularity = keyof typeof numClasses;

/**
 * CIFAR-100, 32x32x3 photographs in 100 classes or 20 superclasses by `labels` (`fine`, default, or
 * `coarse`), from the `directory` of its binary version: `train.bin`, `test.bin` and, for class
 * names, `fine_label_names.txt` or `coarse_label_names.txt` when these are there. Paper and further
 * options as {@link cifar10}.
 *
 * @throws AdvrobError as {@link cifar10}, and `ADVROB_DATA_FORMAT` when the file of names has
 *   another number of lines than there are classes.
 * @example
 * ```ts
 * const { train, test } = await cifar100({ directory: 'cifar-100-binary', labels: 'coarse' });
 * ```
 */
export const cifar100 = defineDataset({
  name: 'cifar100',
  summary: 'Photographs, 32x32 colour, 100 classes or 20 superclasses; from a folder with the binary version.',
  paper:
    'Krizhevsky 2009, Learning multiple layers of features from tiny images (https://www.cs.toronto.edu/~kriz/cifar.html)',
  options: z.strictObject({
    directory: z.string().describe('Folder with train.bin and test.bin, or the latter alone'),
    labels: z.enum(['fine', 'coarse']).default('fine').describe('100 classes or 20 superclasses'),
    ...fileOptions,
  }),
  async load({ directory, labels, maxBytes, ...choice }) {
    const { train, test } = await requireFiles(directory, ['train.bin'], 'test.bin', {
      anyTrain: /^train\.bin$/,
      remedy: 'Fetch the binary version.',
    });
    const classNames = await readClassNames(directory, labels, maxBytes);
    const read = async (path: string): Promise<Dataset> => {
      const parsed = parseCifar100(await readBytes(path, maxBytes), path);
      return imageDataset({
        name: 'cifar100',
        images: parsed.images,
        labels: parsed[labels],
        shape: [32, 32, 3],
        numClasses: numClasses[labels],
        classNames,
      });
    };
    return splitsOf(train && (await read(train[0]!)), await read(test), choice);
  },
});

async function readClassNames(directory: string, labels: Granularity, maxBytes: number): Promise<string[] | undefined> {
  const file = `${labels}_label_names.txt`;
  if (!(await listFolder(directory)).includes(file)) return undefined;
  const text = new TextDecoder().decode(await readBytes(join(directory, file), maxBytes));
  const names = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (names.length !== numClasses[labels])
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${join(directory, file)}: expected ${numClasses[labels]} class names, one a line, found ${names.length}`,
    );
  return names;
}

/**
 * The paths of the training files and of the test file in a folder. Where no training file is there
 * at all (`anyTrain`), the test file will do.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` that names the missing ones and those that are there.
 */
async function requireFiles(
  directory: string,
  train: readonly string[],
  test: string,
  { anyTrain, remedy }: { readonly anyTrain: RegExp; readonly remedy: string },
): Promise<{ train: string[] | undefined; test: string }> {
  const present = await listFolder(directory);
  if (present.includes(test) && !present.some((name) => anyTrain.test(name)))
    return { train: undefined, test: join(directory, test) };
  const missing = [...train, test].filter((name) => !present.includes(name));
  if (missing.length > 0) {
    const found = present.filter((name) => name.endsWith('.bin')).join(', ') || 'no .bin file';
    throw new AdvrobError(
      'ADVROB_DATA_MISSING',
      `expected ${[...train, test].join(', ')} in ${directory}; missing: ${missing.join(', ')}; found: ${found}. ${remedy}`,
    );
  }
  return { train: train.map((name) => join(directory, name)), test: join(directory, test) };
}
