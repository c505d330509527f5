import { AdvrobError, defineDataset } from '@advrob/core';
import * as z from 'zod';
import { channelsLast } from '../formats/channels-last.js';
import type { NpyArray } from '../formats/npy.js';
import { readNpz } from '../formats/npz.js';
import { readBytes } from './files.js';
import { classOptions, fileOptions, inferClasses, splitsOf } from './options.js';
import { rangedDataset, rangeOption, seenRange, type RangedArrays } from './ranged-dataset.js';

/**
 * Inputs and labels in `.npz` files of NumPy: one file `train` with `x_train, y_train, x_test,
 * y_test`, as Keras has them, or two, `train` and `test`, or `test` alone, or arrays of other names;
 * images `nhwc` or, by `layout`, `nchw`. `range` becomes [0, 1]: default [0, 1] for floats and
 * booleans, [0, 255] for pictures in bytes; other integers, such as features of 0 and 1, need it.
 * Further options as in {@link idx}.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` when a file or an array is not there, `ADVROB_BOUNDS`
 *   for inputs outside of `range` or integers that do not show it, `ADVROB_NOT_FINITE`,
 *   `ADVROB_DATA_CHECKSUM`, and as {@link idx}.
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
      train: z.string().optional().describe('npz file with the training arrays'),
      test: z
        .string()
        .optional()
        .describe('npz file with the test arrays; default the same file; alone enough to attack and evaluate'),
      trainInputs: z.string().default('x_train').describe('Name of the training inputs'),
      trainLabels: z.string().default('y_train').describe('Name of the training labels'),
      testInputs: z.string().default('x_test').describe('Name of the test inputs'),
      testLabels: z.string().default('y_test').describe('Name of the test labels'),
      layout: z.enum(['nhwc', 'nchw']).default('nhwc').describe('Order of the axes of images'),
      range: rangeOption,
      ...classOptions,
      ...fileOptions,
    })
    .refine(
      ({ train, test }) => train !== undefined || test !== undefined,
      'expected the path of an npz file as train, test or both',
    ),
  async load({ train, test = train, layout, range, numClasses, classNames, maxBytes, ...options }) {
    const read = async (path: string, inputs: string, labels: string): Promise<Omit<RangedArrays, 'range'>> => {
      if (inputs === labels)
        throw new AdvrobError('ADVROB_OPTION', `npz: inputs and labels have the same name '${inputs}'`);
      const arrays = await readNpz(await readBytes(path, maxBytes), [inputs, labels], maxBytes, path);
      return {
        ...npyPair(arrays[inputs]!, arrays[labels]!, {
          name: 'npz',
          layout,
          numClasses: numClasses ?? classNames?.length,
        }),
        classNames,
      };
    };
    const first = train === undefined ? undefined : await read(train, options.trainInputs, options.trainLabels);
    const last = await read(test!, options.testInputs, options.testLabels);
    const shared = { range: range ?? seenRange(first ?? last), numClasses: (first ?? last).numClasses };
    return splitsOf(first && rangedDataset({ ...first, ...shared }), rangedDataset({ ...last, ...shared }), options);
  },
});

/** What two NumPy arrays that belong together mean. */
interface NpyMeaning {
  readonly name: string;
  readonly layout: 'nhwc' | 'nchw';
  /** Left out: the largest label plus one. */
  readonly numClasses?: number | undefined;
}

/**
 * Inputs [n, ...], images [n, h, w], [n, h, w, c] or, with layout nchw, [n, c, h, w]; and class
 * indices [n] or [n, 1].
 *
 * @throws AdvrobError `ADVROB_DATA_FORMAT` for labels that are not whole numbers [n],
 *   `ADVROB_SHAPE`.
 */
function npyPair(
  inputs: NpyArray,
  labels: NpyArray,
  { name, layout, numClasses }: NpyMeaning,
): Omit<RangedArrays, 'range'> {
  const classes = classIndices(labels, name);
  const inputShape = imageShape(inputs, layout, name);
  const { type, data, shape } = inputs;
  return {
    name,
    type,
    inputs: layout === 'nchw' ? channelsLast(data, shape as [number, number, number, number]) : data,
    inputShape,
    labels: classes,
    numClasses: numClasses ?? inferClasses(classes, name),
  };
}

/** Class indices; floats that are whole numbers are some, since many programs save floats alone. */
function classIndices({ type, shape, data }: NpyArray, name: string): ArrayLike<number> {
  const isColumn = shape.length === 2 && shape[1] === 1;
  if (!(shape.length === 1 || isColumn))
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name} labels: expected class indices, whole numbers [n] or [n, 1], found ${type} [${shape.join(', ')}]` +
        (shape.length === 2 ? ': one-hot labels become indices with argmax(axis=1)' : ''),
    );
  const broken = data.findIndex((value) => !Number.isInteger(value));
  if (broken >= 0)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name} labels: expected class indices, whole numbers from 0 on, found ${type} ${data[broken]} in example ${broken}`,
    );
  return data;
}

/** Shape of one input: grey images get their channel axis. */
function imageShape({ shape, type }: NpyArray, layout: 'nhwc' | 'nchw', name: string): readonly number[] {
  if (layout === 'nchw') {
    if (shape.length !== 4)
      throw new AdvrobError(
        'ADVROB_SHAPE',
        `${name}: layout nchw expects inputs [n, c, h, w], found [${shape.join(', ')}]`,
      );
    return [shape[2]!, shape[3]!, shape[1]!];
  }
  if (shape.length < 2)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${name}: expected inputs [n, features], [n, height, width] or [n, height, width, channels], found ${type} [${shape.join(', ')}]`,
    );
  return shape.length === 3 ? [shape[1]!, shape[2]!, 1] : shape.slice(1);
}
