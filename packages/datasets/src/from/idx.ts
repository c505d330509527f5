import { AdvrobError, defineDataset, type Dataset } from '@advrob/core';
import * as z from 'zod';
import { parseIdx, type IdxArray } from '../formats/idx.js';
import { readBytes } from './files.js';
import { imageDataset } from './image-dataset.js';
import { classOptions, fileOptions, inferClasses, splitValidation } from './options.js';

/**
 * Any images in IDX files, such as EMNIST or KMNIST: uint8 images [n, h, w] or [n, h, w, c] and
 * integer labels [n], gzipped or not. Options: the four paths, `numClasses` (default the largest
 * training label plus one), `classNames`, `validation` (how many to hold out; default a tenth of
 * train, at most 5000), `seed` of that choice (0), `maxBytes` per file, also unpacked (1 GiB).
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING`, `ADVROB_DATA_FORMAT`, `ADVROB_DATA_TRUNCATED`,
 *   `ADVROB_DATA_OVERSIZED`, `ADVROB_DATA_GZIP`, `ADVROB_DATA_TOO_LARGE`, `ADVROB_SHAPE`,
 *   `ADVROB_LABEL`, `ADVROB_OPTION`.
 * @example
 * ```ts
 * const { train, test } = await idx({
 *   trainImages: 'kmnist/train-images-idx3-ubyte.gz',
 *   trainLabels: 'kmnist/train-labels-idx1-ubyte.gz',
 *   testImages: 'kmnist/t10k-images-idx3-ubyte.gz',
 *   testLabels: 'kmnist/t10k-labels-idx1-ubyte.gz',
 * });
 * ```
 */
export const idx = defineDataset({
  name: 'idx',
  summary: 'Images and labels in any IDX files, gzipped or not.',
  options: z.strictObject({
    trainImages: z.string().describe('IDX file of training images, uint8 [n, h, w] or [n, h, w, c]'),
    trainLabels: z.string().describe('IDX file of training labels, integers [n]'),
    testImages: z.string().describe('IDX file of test images'),
    testLabels: z.string().describe('IDX file of test labels'),
    ...classOptions,
    ...fileOptions,
  }),
  async load({ trainImages, trainLabels, testImages, testLabels, numClasses, classNames, maxBytes, ...choice }) {
    const read = async (images: string, labels: string, classes: number | undefined): Promise<Dataset> =>
      idxDataset({
        name: 'idx',
        images: await readBytes(images, maxBytes),
        labels: await readBytes(labels, maxBytes),
        numClasses: classes,
        classNames,
      });
    const train = await read(trainImages, trainLabels, numClasses);
    const test = await read(testImages, testLabels, train.numClasses);
    return splitValidation(train, test, choice);
  },
});

/** What an IDX pair of images and labels is called and how many classes it has. */
interface IdxPair {
  readonly name: string;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  /** Left out: the largest label plus one. */
  readonly numClasses?: number | undefined;
  readonly classNames?: readonly string[] | undefined;
}

/**
 * A data set out of the bytes of an IDX image file (uint8, [n, h, w] or [n, h, w, c]) and an IDX
 * label file (integers, [n]).
 *
 * @throws AdvrobError as {@link parseIdx}; `ADVROB_DATA_FORMAT` for another type or rank,
 *   `ADVROB_SHAPE` when the counts differ, `ADVROB_LABEL`.
 */
export function idxDataset({ name, images, labels, numClasses, classNames }: IdxPair): Dataset {
  const pixels = parseIdx(images, `${name} images`);
  if (!(pixels.data instanceof Uint8Array) || pixels.shape.length < 3 || pixels.shape.length > 4)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name} images: expected uint8 [n, height, width] or [n, height, width, channels], found ${describe(pixels)}`,
    );
  const classes = parseIdx(labels, `${name} labels`);
  if (classes.type.startsWith('float') || classes.shape.length !== 1)
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name} labels: expected integers [n], found ${describe(classes)}`);
  const [, height, width, channels = 1] = pixels.shape;
  return imageDataset({
    name,
    images: pixels.data,
    labels: classes.data,
    shape: [height!, width!, channels],
    numClasses: numClasses ?? inferClasses(classes.data, name),
    classNames,
  });
}

function describe({ type, shape }: IdxArray): string {
  return `${type} [${shape.join(', ')}]`;
}
