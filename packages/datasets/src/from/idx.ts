import { AdvrobError, defineDataset, type Dataset } from '@advrob/core';
import * as z from 'zod';
import { parseIdx, type IdxArray } from '../formats/idx.js';
import { readBytes } from './files.js';
import { classOptions, fileOptions, inferClasses, splitsOf } from './options.js';
import { rangedDataset, rangeOption, seenRange, type InputRange, type RangedArrays } from './ranged-dataset.js';

/**
 * Any images in IDX files, such as EMNIST or KMNIST: uint8 images [n, h, w] or [n, h, w, c] and
 * integer labels [n], gzipped or not. Options: the four paths, of which those of the training part
 * may be left out together, `range` (where images are no bytes from 0 to 255), `numClasses` (default
 * the largest training label plus one), `classNames`, `validation` (how many to hold out; default a
 * tenth of train, at most 5000), `seed` of that choice (0), `maxBytes` per file, also unpacked.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING`, `ADVROB_DATA_FORMAT`, `ADVROB_DATA_TRUNCATED`,
 *   `ADVROB_DATA_OVERSIZED`, `ADVROB_DATA_GZIP`, `ADVROB_DATA_TOO_LARGE`, `ADVROB_SHAPE`,
 *   `ADVROB_BOUNDS`, `ADVROB_LABEL`, `ADVROB_OPTION`.
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
  options: z
    .strictObject({
      trainImages: z.string().optional().describe('IDX file of training images, uint8 [n, h, w] or [n, h, w, c]'),
      trainLabels: z.string().optional().describe('IDX file of training labels, integers [n]'),
      testImages: z.string().describe('IDX file of test images; enough to attack and evaluate'),
      testLabels: z.string().describe('IDX file of test labels'),
      range: rangeOption,
      ...classOptions,
      ...fileOptions,
    })
    .refine(
      ({ trainImages, trainLabels }) => (trainImages === undefined) === (trainLabels === undefined),
      'trainImages and trainLabels: expected both or neither',
    ),
  async load({ trainImages, trainLabels, testImages, testLabels, range, maxBytes, ...options }) {
    const read = async (images: string, labels: string) => {
      const bytes = { images: await readBytes(images, maxBytes), labels: await readBytes(labels, maxBytes) };
      return idxArrays({ name: 'idx', ...bytes, ...options });
    };
    const train = trainImages && trainLabels ? await read(trainImages, trainLabels) : undefined;
    const test = await read(testImages, testLabels);
    const shared = { range: range ?? seenRange(train ?? test), numClasses: (train ?? test).numClasses };
    return splitsOf(train && rangedDataset({ ...train, ...shared }), rangedDataset({ ...test, ...shared }), options);
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

/** The numbers that become 0 and 1 in pictures of bytes. */
const byteRange: InputRange = [0, 255];

/**
 * A data set out of the bytes of an IDX image file (uint8, [n, h, w] or [n, h, w, c], 0 to 255) and
 * an IDX label file (integers, [n]).
 *
 * @throws AdvrobError as {@link parseIdx}; `ADVROB_DATA_FORMAT` for another type or rank,
 *   `ADVROB_SHAPE` when the counts differ, `ADVROB_LABEL`.
 */
export function idxDataset(pair: IdxPair): Dataset {
  return rangedDataset({ ...idxArrays(pair), range: byteRange });
}

function idxArrays({ name, images, labels, numClasses, classNames }: IdxPair): Omit<RangedArrays, 'range'> {
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
  return {
    name,
    type: pixels.type,
    inputs: pixels.data,
    inputShape: [height!, width!, channels],
    labels: classes.data,
    numClasses: numClasses ?? classNames?.length ?? inferClasses(classes.data, name),
    classNames,
  };
}

function describe({ type, shape }: IdxArray): string {
  return `${type} [${shape.join(', ')}]`;
}
