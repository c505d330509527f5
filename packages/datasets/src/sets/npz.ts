import { AdvrobError, defineDataset, type Dataset } from '@advrob/core';
import * as z from 'zod';
import { npyDataset } from '../arrays/npy-dataset.js';
import { readBytes } from '../files/read-bytes.js';
import { readNpz } from '../formats/npz.js';
import { maxBytesOption, seedOption, validationOption } from './options.js';
import { splitValidation } from './split-validation.js';

/**
 * Inputs and labels in `.npz` files of NumPy: one file with `x_train, y_train, x_test, y_test` (as Keras has them) or two files, or other names.
 *
 * Options: `train` (path, required), `test` (path; default the same file), the four names, `layout` (`nhwc`, default, or `nchw`), `range` (the
 * numbers that become 0 and 1; default [0, 255] for integers, [0, 1] for floats), `numClasses`, `classNames`, `validation`, `seed`, `maxBytes`.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` when a file or an array is not there, `ADVROB_DATA_FORMAT`, `ADVROB_DATA_TOO_LARGE`,
 * `ADVROB_DATA_CHECKSUM`, `ADVROB_BOUNDS`, `ADVROB_SHAPE`, `ADVROB_LABEL`.
 * @example
 * ```ts
 * const { train, test } = await npz({ train: 'mnist.npz' });
 * ```
 */
export const npz = defineDataset({
  name: 'npz',
  summary: 'Inputs and labels in NumPy .npz files, as Keras and PyTorch users save them.',
  options: z
    .strictObject({
      train: z.string().describe('npz file with the training arrays'),
      test: z.string().optional().describe('npz file with the test arrays; default the same file'),
      trainInputs: z.string().default('x_train').describe('Name of the training inputs'),
      trainLabels: z.string().default('y_train').describe('Name of the training labels'),
      testInputs: z.string().default('x_test').describe('Name of the test inputs'),
      testLabels: z.string().default('y_test').describe('Name of the test labels'),
      layout: z.enum(['nhwc', 'nchw']).default('nhwc').describe('Order of the axes of images'),
      range: z
        .tuple([z.number(), z.number()])
        .optional()
        .describe('Numbers that become 0 and 1; default [0, 255] for integers, [0, 1] for floats'),
      numClasses: z.int().min(1).optional().describe('Number of classes; default the largest training label plus one'),
      classNames: z.array(z.string()).optional().describe('Names of the classes, in label order'),
      validation: validationOption,
      seed: seedOption,
      maxBytes: maxBytesOption,
    })
    .refine(({ range }) => range === undefined || range[0] < range[1], 'range: expected [low, high] with low < high'),
  async load({ train, test = train, layout, range, numClasses, classNames, maxBytes, ...options }) {
    const read = async (
      path: string,
      inputs: string,
      labels: string,
      classes: number | undefined,
    ): Promise<Dataset> => {
      if (inputs === labels)
        throw new AdvrobError('ADVROB_OPTION', `npz: inputs and labels have the same name '${inputs}'`);
      const arrays = await readNpz(await readBytes(path, maxBytes), [inputs, labels], maxBytes, path);
      const pair = { inputs: arrays[inputs]!, labels: arrays[labels]! };
      return npyDataset({ name: 'npz', ...pair, layout, range, numClasses: classes, classNames });
    };
    const all = await read(train, options.trainInputs, options.trainLabels, numClasses);
    const held = await read(test, options.testInputs, options.testLabels, all.numClasses);
    return splitValidation(all, held, options);
  },
});
