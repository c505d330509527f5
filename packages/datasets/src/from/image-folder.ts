import { AdvrobError, defineDataset, type Dataset } from '@advrob/core';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { listFolder, missingFolder, readCapped } from './files.js';
import { fileOptions, splitValidation } from './options.js';
import { pictureDataset, type Pictures } from './picture-dataset.js';

/**
 * PNG pictures in `train/<class>/*.png`, `test/<class>/*.png` and, unless it is taken out of train,
 * `validation/<class>/*.png` of the folder `directory`. Labels follow the order of the class names.
 * Pictures stay on disk and are read when a batch needs them. `validation`, `seed` and `maxBytes`
 * (per picture, before and after decompression) as in {@link idx}.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING`, `ADVROB_DATA_FORMAT` for links and what is no opaque
 *   PNG picture, `ADVROB_SHAPE` when pictures differ in size or a part lacks a class,
 *   `ADVROB_DATA_TOO_LARGE`, `ADVROB_DATA_CHECKSUM`.
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
    ...fileOptions,
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

/** Pictures on disk, one folder per class. */
interface PictureFolder extends Pick<Pictures, 'name' | 'maxBytes' | 'shape'> {
  readonly classes: readonly ClassFolder[];
}

/** A data set over PNG files that stay on disk. @throws AdvrobError as {@link pictureDataset}. */
function folderDataset({ classes, ...common }: PictureFolder): Promise<Dataset> {
  const files = classes.flatMap((each) => each.files);
  return pictureDataset({
    ...common,
    labels: classes.flatMap((each, label) => each.files.map(() => label)),
    numClasses: classes.length,
    classNames: classes.map(({ name }) => name),
    bytesOf: (position) => readCapped(files[position]!, common.maxBytes),
    nameOf: (position) => files[position]!,
  });
}

/** The PNG files of one class, in name order. */
interface ClassFolder {
  readonly name: string;
  readonly files: readonly string[];
}

/**
 * The classes of a folder that has one folder per class, in the order of their names (which gives
 * the labels), and the PNG files in each. Links are refused: what is read lies inside of the
 * folder.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` when there is no such folder or it has no classes or no
 *   pictures, `ADVROB_DATA_FORMAT` for other files in a class folder or links.
 */
async function listClasses(directory: string): Promise<readonly ClassFolder[]> {
  const missing = missingFolder(directory);
  if ((await lstat(directory).catch(missing)).isSymbolicLink()) throw linkError(directory);
  const entries = await readdir(directory, { withFileTypes: true }).catch(missing);
  const names = entries
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => {
      if (entry.isSymbolicLink()) throw linkError(join(directory, entry.name));
      return entry;
    });
  const classes = names
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort(byName);
  if (classes.length === 0)
    throw new AdvrobError(
      'ADVROB_DATA_MISSING',
      `${directory}: expected one folder per class, found ${
        names
          .slice(0, 12)
          .map((entry) => entry.name)
          .join(', ') || 'nothing'
      }`,
    );
  return Promise.all(classes.map(async (name) => ({ name, files: await listPictures(join(directory, name)) })));
}

async function listPictures(directory: string): Promise<readonly string[]> {
  const entries = (await readdir(directory, { withFileTypes: true })).filter((entry) => !entry.name.startsWith('.'));
  const files = entries.map((entry) => {
    const path = join(directory, entry.name);
    if (entry.isSymbolicLink()) throw linkError(path);
    if (!entry.isFile() || !entry.name.toLowerCase().endsWith('.png'))
      throw new AdvrobError(
        'ADVROB_DATA_FORMAT',
        `${path}: expected only .png files in the folder of a class: convert other pictures, and move other files away`,
      );
    return path;
  });
  if (files.length === 0) throw new AdvrobError('ADVROB_DATA_MISSING', `${directory}: expected .png files, found none`);
  return files.sort(byName);
}

/** The same order on every machine, whatever its language. */
function byName(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function linkError(path: string): AdvrobError {
  return new AdvrobError('ADVROB_DATA_FORMAT', `${path}: links are not followed: copy the files into the folder`);
}
