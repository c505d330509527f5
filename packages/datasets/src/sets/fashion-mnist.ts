import { defineDataset } from '@advrob/core';
import * as z from 'zod';
import { fileOptions, splitsOf } from '../from/options.js';
import { loadIdxFolder } from './mnist.js';

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
 * Fashion-MNIST, 28x28x1 grey pictures of clothes in 10 classes, from a `directory` with its four
 * IDX files, gzipped or not. `validation`, `seed` and `maxBytes` as in {@link idx}.
 *
 * @throws AdvrobError as {@link idx}.
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
    directory: z.string().describe('Folder with the four IDX files, or the two of the test part, gzipped or not'),
    ...fileOptions,
  }),
  async load({ directory, maxBytes, ...choice }) {
    const { train, test } = await loadIdxFolder({ name: 'fashion-mnist', directory, maxBytes, classNames });
    return splitsOf(train, test, choice);
  },
});
