import { defineDataset } from '@advrob/core';
import * as z from 'zod';
import { loadIdxFolder } from './mnist.js';
import { maxBytesOption, seedOption, splitValidation, validationOption } from '../from/options.js';

const classNames = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/**
 * Fashion-MNIST, 28x28x1 grey pictures of clothes in 10 classes, from a folder with its four IDX files, gzipped or not.
 *
 * Options: `directory` (required), `validation` (default a tenth of train, at most 5000), `seed` of that choice (default 0), `maxBytes` per file.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING`, `ADVROB_DATA_FORMAT`, `ADVROB_DATA_TRUNCATED`, `ADVROB_DATA_OVERSIZED`, `ADVROB_DATA_GZIP`,
 * `ADVROB_DATA_TOO_LARGE`, `ADVROB_SHAPE`, `ADVROB_LABEL`, `ADVROB_OPTION`.
 * @see Xiao, Rasul, Vollgraf 2017, Fashion-MNIST (https://arxiv.org/abs/1708.07747).
 * @example
 * ```ts
 * const { train, test } = await fashionMnist({ directory: 'data/fashion-mnist' });
 * ```
 */
export const fashionMnist = defineDataset({
  name: 'fashion-mnist',
  summary: 'Pictures of clothes, 28x28 grey, 10 classes; from a folder with the four IDX files.',
  paper: 'Xiao, Rasul, Vollgraf 2017, Fashion-MNIST (https://arxiv.org/abs/1708.07747)',
  options: z.strictObject({
    directory: z.string().describe('Folder with the four IDX files, gzipped or not'),
    validation: validationOption,
    seed: seedOption,
    maxBytes: maxBytesOption,
  }),
  async load({ directory, maxBytes, ...choice }) {
    const { train, test } = await loadIdxFolder({ name: 'fashion-mnist', directory, maxBytes, classNames });
    return splitValidation(train, test, choice);
  },
});
