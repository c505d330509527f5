import { defineDataset, type Dataset } from '@advrob/core';
import * as z from 'zod';
import { readBytes } from '../files/read-bytes.js';
import { idxDataset } from './idx-images.js';
import { maxBytesOption, seedOption, validationOption } from './options.js';
import { splitValidation } from './split-validation.js';

/**
 * Any images in IDX files, such as EMNIST or KMNIST: uint8 images [n, h, w] or [n, h, w, c] and integer labels [n], gzipped or not.
 *
 * Options: the four paths (required), `numClasses` (default: the largest training label plus one), `classNames`, `validation` (default a tenth of
 * train, at most 5000), `seed` of that choice (default 0), `maxBytes` per file.
 *
 * @throws AdvrobError as {@link fashionMnist}.
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
    numClasses: z.int().min(1).optional().describe('Number of classes; default the largest training label plus one'),
    classNames: z.array(z.string()).optional().describe('Names of the classes, in label order'),
    validation: validationOption,
    seed: seedOption,
    maxBytes: maxBytesOption,
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
