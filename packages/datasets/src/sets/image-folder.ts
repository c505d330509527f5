import { AdvrobError, defineDataset } from '@advrob/core';
import { join } from 'node:path';
import * as z from 'zod';
import { listFolder } from '../files/find-file.js';
import { folderDataset } from '../pictures/folder-dataset.js';
import { listClasses } from '../pictures/list-classes.js';
import { maxBytesOption, seedOption, validationOption } from './options.js';
import { splitValidation } from './split-validation.js';

/**
 * PNG pictures in folders: `train/<class>/*.png` and `test/<class>/*.png`, and `validation/<class>/*.png` where validation is not to be taken out of
 * train. Labels follow the order of the class names. The pictures stay on disk and are read when a batch needs them.
 *
 * Options: `directory` (required), `validation` (how many training pictures to hold out when there is no such folder; default a tenth, at most
 * 5000), `seed` of that choice (default 0), `maxBytes` per picture, before and after decompression.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING`, `ADVROB_DATA_FORMAT` for files that are no opaque PNG pictures and for links, `ADVROB_SHAPE` when
 * pictures differ in size or a part lacks a class, `ADVROB_DATA_TOO_LARGE`, `ADVROB_DATA_CHECKSUM`.
 * @example
 * ```ts
 * const { train, test } = await imageFolder({ directory: 'signs' });
 * ```
 */
export const imageFolder = defineDataset({
  name: 'image-folder',
  summary: 'PNG pictures, one folder per class; read from disk as batches need them.',
  options: z.strictObject({
    directory: z
      .string()
      .describe('Folder with train/<class>/*.png, test/<class>/*.png and perhaps validation/<class>/*.png'),
    validation: validationOption,
    seed: seedOption,
    maxBytes: maxBytesOption,
  }),
  async load({ directory, maxBytes, validation, seed }) {
    const classes = await listClasses(join(directory, 'train'));
    const train = await folderDataset({ name: 'image-folder', classes, maxBytes });
    const shape = train.inputShape as [number, number, number];
    const part = async (name: string) => {
      const found = await listClasses(join(directory, name));
      checkClasses(found, classes, join(directory, name));
      return folderDataset({ name: 'image-folder', classes: found, maxBytes, shape });
    };
    const test = await part('test');
    if (!(await listFolder(directory)).includes('validation'))
      return splitValidation(train, test, { validation, seed });
    if (validation !== undefined)
      throw new AdvrobError(
        'ADVROB_OPTION',
        `image-folder: ${directory} has a folder 'validation': leave out the option`,
      );
    return { train, validation: await part('validation'), test };
  },
});

function checkClasses(found: readonly { name: string }[], expected: readonly { name: string }[], folder: string): void {
  const [names, wanted] = [found, expected].map((classes) => classes.map(({ name }) => name).join(', '));
  if (names !== wanted)
    throw new AdvrobError('ADVROB_SHAPE', `${folder}: expected the classes of train (${wanted}), found ${names}`);
}
