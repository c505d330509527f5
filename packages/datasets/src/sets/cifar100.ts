import { AdvrobError, defineDataset, type Dataset } from '@advrob/core';
import { join } from 'node:path';
import * as z from 'zod';
import { listFolder } from '../files/find-file.js';
import { readBytes } from '../files/read-bytes.js';
import { parseCifar100 } from '../formats/cifar100.js';
import { imageDataset } from '../images/image-dataset.js';
import { requireFiles } from './cifar-files.js';
import { maxBytesOption, seedOption, validationOption } from './options.js';
import { splitValidation } from './split-validation.js';

const numClasses = { fine: 100, coarse: 20 } as const;
type Granularity = keyof typeof numClasses;

/**
 * CIFAR-100, 32x32x3 photographs in 100 classes or 20 superclasses, from the folder of its binary version: `train.bin` and `test.bin`. Class names are
 * taken from `fine_label_names.txt` or `coarse_label_names.txt` when these are there.
 *
 * Options: `directory` (required), `labels` (`fine`, the default, or `coarse`), `validation` (default a tenth of train, at most 5000), `seed` of that
 * choice (default 0), `maxBytes` per file.
 *
 * @throws AdvrobError as {@link cifar10}, and `ADVROB_DATA_FORMAT` when the file of names has another number of lines than there are classes.
 * @see Krizhevsky 2009, Learning multiple layers of features from tiny images (https://www.cs.toronto.edu/~kriz/cifar.html).
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
    directory: z.string().describe('Folder with train.bin and test.bin'),
    labels: z.enum(['fine', 'coarse']).default('fine').describe('100 classes or 20 superclasses'),
    validation: validationOption,
    seed: seedOption,
    maxBytes: maxBytesOption,
  }),
  async load({ directory, labels, maxBytes, ...choice }) {
    const [train, test] = await requireFiles(directory, ['train.bin', 'test.bin'], 'Fetch the binary version.');
    const classNames = await readClassNames(directory, labels, maxBytes);
    const load = async (path: string): Promise<Dataset> => {
      const parsed = parseCifar100(await readBytes(path, maxBytes), path);
      return imageDataset({
        name: 'cifar100',
        images: parsed.images,
        labels: parsed[labels],
        shape: [32, 32, 3],
        numClasses: numClasses[labels],
        ...(classNames === undefined ? {} : { classNames }),
      });
    };
    return splitValidation(await load(train!), await load(test!), choice);
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
