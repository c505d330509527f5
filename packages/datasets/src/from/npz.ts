import { AdvrobError, defineDataset, type Dataset } from '@advrob/core';
import * as z from 'zod';
import { channelsLast } from '../formats/channels-last.js';
import type { NpyArray } from '../formats/npy.js';
import { readNpz } from '../formats/npz.js';
import { arrayDataset } from './array-dataset.js';
import { readBytes } from './files.js';
import { imageDataset } from './image-dataset.js';
import { classOptions, fileOptions, inferClasses, splitValidation } from './options.js';

/**
 * Inputs and labels in `.npz` files of NumPy: one file `train` with `x_train, y_train, x_test,
 * y_test`, as Keras has them, or two, `train` and `test`, or arrays of other names; images `nhwc`
 * or, by `layout`, `nchw`. `range` (default [0, 255] for integers, [0, 1] for floats) becomes
 * [0, 1]. Further options as in {@link idx}.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` when a file or an array is not there, `ADVROB_BOUNDS`
 *   for inputs outside of `range`, `ADVROB_DATA_CHECKSUM`, and as {@link idx}.
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
      ...classOptions,
      ...fileOptions,
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

/** Two NumPy arrays that belong together, and what their numbers mean. */
interface NpyPair {
  readonly name: string;
  /** [n, ...]; images [n, h, w], [n, h, w, c] or, with layout nchw, [n, c, h, w]. */
  readonly inputs: NpyArray;
  /** Class indices [n] or [n, 1]. */
  readonly labels: NpyArray;
  readonly layout: 'nhwc' | 'nchw';
  /** The numbers that become 0 and 1. */
  readonly range?: readonly [number, number] | undefined;
  readonly numClasses?: number | undefined;
  readonly classNames?: readonly string[] | undefined;
}

/**
 * A data set in [0, 1] out of NumPy arrays. uint8 inputs stay bytes; others are mapped from `range`
 * (default [0, 255] for integers, [0, 1] for floats and booleans) and kept as float32.
 *
 * @throws AdvrobError `ADVROB_DATA_FORMAT` for labels that are not whole numbers [n],
 *   `ADVROB_SHAPE`, `ADVROB_BOUNDS` when inputs leave `range`.
 */
function npyDataset({ name, inputs, labels, layout, range, numClasses, classNames }: NpyPair): Dataset {
  const classes = classIndices(labels, name);
  const shape = imageShape(inputs, layout, name);
  const common = {
    name,
    labels: classes,
    numClasses: numClasses ?? inferClasses(classes, name),
    classNames,
  };
  const isBytes = inputs.type === 'uint8' && range === undefined;
  const values = isBytes ? (inputs.data as Uint8Array) : toUnitRange(inputs, range, name);
  const ordered = layout === 'nchw' ? channelsLast(values, inputs.shape as [number, number, number, number]) : values;
  if (ordered instanceof Uint8Array && shape.length === 3)
    return imageDataset({ ...common, images: ordered, shape: shape as [number, number, number] });
  const numbers = ordered instanceof Uint8Array ? Float32Array.from(ordered, (byte) => byte / 255) : ordered;
  return arrayDataset({ ...common, inputs: numbers, inputShape: shape });
}

function classIndices({ type, shape, data }: NpyArray, name: string): ArrayLike<number> {
  const isColumn = shape.length === 2 && shape[1] === 1;
  if (type.startsWith('float') || !(shape.length === 1 || isColumn))
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name} labels: expected class indices, integers [n] or [n, 1], found ${type} [${shape.join(', ')}]: one-hot labels become indices with argmax(axis=1)`,
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

function toUnitRange({ data, type }: NpyArray, range: NpyPair['range'], name: string): Float32Array {
  const [low, high] = range ?? (type.startsWith('float') || type === 'bool' ? [0, 1] : [0, 255]);
  return Float32Array.from(data, (value) => {
    if (!(value >= low && value <= high))
      throw new AdvrobError(
        'ADVROB_BOUNDS',
        `${name}: expected ${type} inputs from ${low} to ${high}, found ${value}: set the option range to what your numbers are, such as [-1, 1] or [0, 255]; undo a normalisation by mean and deviation before saving and put it into the model`,
      );
    return (value - low) / (high - low);
  });
}
