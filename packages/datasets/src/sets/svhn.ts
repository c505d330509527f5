import { AdvrobError, defineDataset, type Dataset } from '@advrob/core';
import * as z from 'zod';
import { parseMat, type MatArray } from '../formats/mat.js';
import { findFile, readBytes } from '../from/files.js';
import { imageDataset } from '../from/image-dataset.js';
import { fileOptions, splitValidation } from '../from/options.js';

/**
 * SVHN, cropped house numbers, 32x32x3, 10 classes, from the `directory` with `train_32x32.mat` and
 * `test_32x32.mat`; and any data set in MAT-files of that form: `X` uint8 [height, width, channels,
 * n], `y` [n, 1] with labels from 1, where 10 stands for the digit 0. `validation`, `seed` and
 * `maxBytes` as in {@link idx}.
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
    directory: z.string().describe('Folder with train_32x32.mat and test_32x32.mat'),
    ...fileOptions,
  }),
  async load({ directory, maxBytes, ...choice }) {
    const read = async (file: string): Promise<Dataset> => {
      const path = await findFile(directory, file);
      return digits(parseMat(await readBytes(path, maxBytes), maxBytes, path), path);
    };
    return splitValidation(await read('train_32x32.mat'), await read('test_32x32.mat'), choice);
  },
});

function digits(variables: ReadonlyMap<string, MatArray>, path: string): Dataset {
  const [x, y] = [variables.get('X'), variables.get('y')];
  if (!(x?.data instanceof Uint8Array) || x.shape.length !== 4 || y === undefined)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${path}: expected X, uint8 of four axes, and y, found ${[...variables].map(([name, { shape }]) => `${name} ${shape.join('x')}`).join(', ') || 'no numbers'}`,
    );
  const [height, width, channels] = x.shape as [number, number, number, number];
  return imageDataset({
    name: 'svhn',
    images: imagesFirst(x.data, height, width, channels),
    labels: Array.from(y.data, (label) => (label === 10 ? 0 : label)),
    shape: [height, width, channels],
    numClasses: 10,
  });
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
