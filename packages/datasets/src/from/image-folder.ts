import { AdvrobError, defineDataset, type Dataset } from '@advrob/core';
import { join } from 'node:path';
import * as z from 'zod';
import { namedClasses, parseClassMap, type ClassMap } from './class-map.js';
import { readCapped } from './files.js';
import { fileOptions, inferClasses, splitsOf } from './options.js';
import { pictureDataset } from './picture-dataset.js';
import { foldersIn, pictureFiles, type PictureFiles } from './picture-files.js';
import { pictureOptions } from './picture-options.js';

const orders = z.enum(['alphabetical', 'numeric', 'index']).optional();

/**
 * PNG, JPEG and WebP pictures of the folder `directory`, read when a batch needs them: in
 * `train/<class>/`, `test/<class>/` and perhaps `validation/<class>/`; or `<class>/` alone, which is
 * test data; or beside each other with `labels.csv` or all of the class `label`; or one picture.
 * Labels follow the order of the class names, or a map of `classes`. `resize`, `crop` and the like
 * prepare pictures as torchvision does. `validation`, `seed` and `maxBytes` (per picture) as in
 * {@link idx}.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING`, `ADVROB_DATA_FORMAT` for links and what is no opaque
 *   picture, `ADVROB_SHAPE` when pictures differ in size or a part lacks a class, `ADVROB_LABEL`,
 *   `ADVROB_DATA_TOO_LARGE`, `ADVROB_DATA_TRUNCATED`, `ADVROB_DATA_CHECKSUM`, `ADVROB_OPTION`.
 * @example
 * ```ts
 * const { train, test } = await imageFolder({ directory: 'signs' });
 * const imagenet = await imageFolder({ directory: 'val', classes: 'imagenet_class_index.json', resize: 256, crop: 224 });
 * ```
 */
export const imageFolder = defineDataset({
  name: 'image-folder',
  summary: 'PNG, JPEG and WebP pictures in folders, or one picture; read from disk as batches need them.',
  options: z.strictObject({
    directory: z
      .string()
      .describe('Folder with train/<class>/ and test/<class>/, with <class>/, or with pictures; or a picture'),
    test: z.string().default('test').describe('Name of the folder with the test part, such as val'),
    labels: z
      .string()
      .optional()
      .describe('Table with the rows file,label of pictures in no class folder; default labels.csv beside them'),
    label: z
      .union([z.string(), z.int().min(0)])
      .optional()
      .describe('Class of all pictures, by name or index, where nothing else says it'),
    classes: z
      .string()
      .optional()
      .describe('File that maps names or WordNet ids to indices: JSON, or one class a line; a part may lack some then'),
    order: orders.describe(
      'Which labels folders called by numbers get: by their places in either order, or the numbers themselves (index)',
    ),
    numClasses: z.int().min(1).optional().describe('Number of classes of labels that are indices, without classes'),
    ...pictureOptions,
    ...fileOptions,
  }),
  async load({ directory, test: testName, labels, label, classes, order, numClasses, validation, seed, ...options }) {
    const { maxBytes } = options;
    const map = classes === undefined ? undefined : await readClassMap(classes, maxBytes);
    const source = { labels, label: label === undefined ? undefined : String(label), maxBytes };
    const open = (found: PictureFiles, known: Classes, shape?: Dataset['inputShape']) =>
      labelledPictures(found, known, options, shape);
    const folders = await foldersIn(directory);
    if (!folders.includes(testName)) {
      if (folders.includes('train'))
        throw new AdvrobError(
          'ADVROB_DATA_MISSING',
          `${directory}: expected a folder '${testName}' with the test part, found ${folders.join(', ')}: the option test names it`,
        );
      const found = await pictureFiles(directory, source);
      const alone = await open(found, classesOf(found, { map, order, numClasses }));
      return splitsOf(undefined, alone, { validation, seed });
    }
    if (labels !== undefined)
      throw new AdvrobError('ADVROB_OPTION', `image-folder: labels: put labels.csv into each part of ${directory}`);
    const read = (part: string) => pictureFiles(join(directory, part), source);
    const trainFiles = folders.includes('train') ? await read('train') : undefined;
    const testFiles = await read(testName);
    const known = classesOf(trainFiles ?? testFiles, { map, order, numClasses });
    const train = trainFiles && (await open(trainFiles, known));
    const part = async (found: PictureFiles, name: string) => {
      if (map === undefined) checkClasses(found, trainFiles ?? testFiles, join(directory, name));
      return open(found, known, train?.inputShape);
    };
    const test = await part(testFiles, testName);
    if (train === undefined || !folders.includes('validation')) return splitsOf(train, test, { validation, seed });
    if (validation !== undefined)
      throw new AdvrobError(
        'ADVROB_OPTION',
        `image-folder: ${directory} has a folder 'validation': leave out the option`,
      );
    return { train, validation: await part(await read('validation'), 'validation'), test };
  },
});

async function readClassMap(file: string, maxBytes: number): Promise<ClassMap> {
  return parseClassMap(new TextDecoder().decode(await readCapped(file, maxBytes)), file);
}

/** What labels mean: names of a map, or indices alone. */
interface Classes {
  readonly numClasses: number;
  readonly map?: ClassMap | undefined;
}

interface ClassChoice {
  readonly map: ClassMap | undefined;
  readonly order: z.output<typeof orders>;
  readonly numClasses: number | undefined;
}

/** @throws AdvrobError `ADVROB_OPTION` for a number of classes that is not that of their names. */
function classesOf(first: PictureFiles, choice: ClassChoice): Classes {
  const { map, numClasses } = choice;
  const found = map === undefined ? seenClasses(first, choice) : { numClasses: map.numClasses, map };
  if (numClasses !== undefined && numClasses !== found.numClasses)
    throw new AdvrobError(
      'ADVROB_OPTION',
      `image-folder: numClasses: the names give ${found.numClasses} classes, not ${numClasses}: where the pictures lack some, give a map of all with the option classes`,
    );
  return found;
}

/**
 * The classes as the first part of a data set has them: indices where a table or an option gives
 * nothing but numbers, else the names in their order.
 *
 * @throws AdvrobError `ADVROB_OPTION` for folders of numbers that are not their places.
 */
function seenClasses({ by, files }: PictureFiles, { order, numClasses }: ClassChoice): Classes {
  const names = [...new Set(files.map(({ label }) => label))].sort();
  const areNumbers = names.every(isIndex);
  if (areNumbers && (by !== 'folders' || order === 'index'))
    return { numClasses: numClasses ?? inferClasses(names.map(Number), 'image-folder') };
  if (by === 'option')
    throw new AdvrobError(
      'ADVROB_OPTION',
      `image-folder: label: the index of '${names[0]}' is not known: give the index, or a map of classes with the option classes`,
    );
  if (areNumbers && order === undefined && names.some((name, i) => Number(name) !== i))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `image-folder: the classes are called by numbers (${names.slice(0, 4).join(', ')}) that are not their places in alphabetical order: ` +
        'set the option order to alphabetical, as torchvision and Keras label folders, to numeric, or to index, where the names are the labels themselves',
    );
  const ordered = order === 'numeric' && areNumbers ? names.sort((a, b) => Number(a) - Number(b)) : names;
  return { numClasses: ordered.length, map: namedClasses(ordered, 'the first part') };
}

function isIndex(label: string): boolean {
  return /^\d+$/.test(label);
}

function checkClasses(found: PictureFiles, expected: PictureFiles, folder: string): void {
  if (found.by !== 'folders') return;
  const [names, wanted] = [found, expected].map(({ files }) =>
    [...new Set(files.map(({ label }) => label))].sort().join(', '),
  );
  if (names !== wanted)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${folder}: expected the classes of train (${wanted}), found ${names}: where a part lacks some, give a map of all with the option classes`,
    );
}

/** A data set over picture files that stay on disk. @throws AdvrobError as {@link pictureDataset}. */
function labelledPictures(
  { files }: PictureFiles,
  { numClasses, map }: Classes,
  options: { readonly maxBytes: number } & Parameters<typeof pictureDataset>[0]['options'],
  shape: Dataset['inputShape'] | undefined,
): Promise<Dataset> {
  const { classNames } = map ?? {};
  return pictureDataset({
    name: 'image-folder',
    labels: files.map(({ label, where }) => {
      const isNamed = map !== undefined && (map.classNames.includes(label) || !isIndex(label));
      return isNamed ? map.labelOf(label, where) : indexOf(label, numClasses, where);
    }),
    numClasses,
    classNames,
    options,
    shape: shape as [number, number, number] | undefined,
    bytesOf: (position) => readCapped(files[position]!.path, options.maxBytes),
    nameOf: (position) => files[position]!.path,
  });
}

function indexOf(label: string, numClasses: number, where: string): number {
  if (Number(label) < numClasses) return Number(label);
  throw new AdvrobError('ADVROB_LABEL', `${where}: expected a class from 0 to ${numClasses - 1}, found ${label}`);
}
