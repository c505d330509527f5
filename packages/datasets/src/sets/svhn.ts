import { AdvrobError, defineDataset } from '@advrob/core';
import * as z from 'zod';
import { parseMat, type MatArray } from '../formats/mat.js';
import { findFile, hasFile, readBytes } from '../from/files.js';
import { fileOptions, splitsOf } from '../from/options.js';
import { rangedDataset, rangeOption, seenRange, type RangedArrays } from '../from/ranged-dataset.js';

const [trainFile, testFile] = ['train_32x32.mat', 'test_32x32.mat'] as const;

/**
 * SVHN, cropped house numbers, 32x32x3, 10 classes, from the `directory` with `train_32x32.mat` and
 * `test_32x32.mat`; and any data set in MAT-files of that form: `X` uint8 [height, width, channels,
 * n], `y` [n, 1] with labels from 1, where 10 stands for the digit 0. The test file alone is enough
 * to attack and evaluate. `range`, `validation`, `seed` and `maxBytes` as in {@link idx}.
 *
 * @throws AdvrobError as {@link idx}, and `ADVROB_DATA_CHECKSUM`.
 * @see Netzer et al. 2011, Reading digits in natural images with unsupervised feature learning
 *   (http://ufldl.stanford.edu/housenumbers/).
 * @example
 * ```ts
 * const { train, test } = await svhn({ directory: 'svhn' });
 * ```
 */
export const svhn = defineDataset({
  name: 'svhn',
  summary: 'House numbers, 32x32 colour, 10 classes; from a folder with the MAT-files.',
  paper:
    'Netzer et al. 2011, Reading digits in natural images with unsupervised feature learning (http://ufldl.stanford.edu/housenumbers/)',
  options: z.strictObject({
    directory: z.string().describe('Folder with train_32x32.mat and test_32x32.mat, or the latter alone'),
    range: rangeOption,
    ...fileOptions,
  }),
  async load({ directory, range, maxBytes, ...choice }) {
    const read = async (file: string) => {
      const path = await findFile(directory, file);
      return digits(parseMat(await readBytes(path, maxBytes), maxBytes, path), path);
    };
    const isTestAlone = !(await hasFile(directory, trainFile)) && (await hasFile(directory, testFile));
    const train = isTestAlone ? undefined : await read(trainFile);
    const test = await read(testFile);
    const shared = { range: range ?? seenRange(train ?? test) };
    return splitsOf(train && rangedDataset({ ...train, ...shared }), rangedDataset({ ...test, ...shared }), choice);
  },
});

function digits(variables: ReadonlyMap<string, MatArray>, path: string): Omit<RangedArrays, 'range'> {
  const [x, y] = [variables.get('X'), variables.get('y')];
  if (!(x?.data instanceof Uint8Array) || x.shape.length !== 4 || y === undefined)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${path}: expected X, uint8 of four axes, and y, found ${[...variables].map(([name, { shape }]) => `${name} ${shape.join('x')}`).join(', ') || 'no numbers'}`,
    );
  const [height, width, channels] = x.shape as [number, number, number, number];
  return {
    name: 'svhn',
    type: 'uint8',
    inputs: imagesFirst(x.data, height, width, channels),
    inputShape: [height, width, channels],
    labels: Array.from(y.data, (label) => (label === 10 ? 0 : label)),
    numClasses: 10,
  };
}

/**
 * [height, width, channels, n] in column order brought into [n, height, width, channels] in row
 * order.
 */
function imagesFirst(values: Uint8Array, height: number, width: number, channels: number): Uint8Array {
  const images = new Uint8Array(values.length);
  const size = height * width * channels;
  let from = 0;
  for (let start = 0; start < values.length; start += size)
    for (let channel = 0; channel < channels; channel++)
      for (let column = 0; column < width; column++)
        for (let row = 0; row < height; row++)
          images[start + (row * width + column) * channels + channel] = values[from++]!;
  return images;
}
