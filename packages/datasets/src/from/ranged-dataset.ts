import { AdvrobError, type Dataset } from '@advrob/core';
import { boundsSlack } from '@advrob/core/threat';
import * as z from 'zod';
import { arrayDataset } from './array-dataset.js';
import { imageDataset } from './image-dataset.js';

/** The numbers of a file that become 0 and 1. */
export type InputRange = readonly [low: number, high: number];

/** Option of readers whose numbers do not always say what black and white are. */
export const rangeOption = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, 'expected [low, high] with low < high')
  .optional()
  .describe(
    'Numbers that become 0 and 1; default [0, 1] for floats, [0, 255] for pictures in bytes; needed for other integers',
  );

/** Labelled inputs as a file has them. */
export interface RangedArrays {
  readonly name: string;
  /** Type of the numbers in the file, such as `uint8` or `float64`. */
  readonly type: string;
  /** Row-major [n, ...inputShape]. */
  readonly inputs: ArrayLike<number>;
  readonly inputShape: readonly number[];
  readonly labels: ArrayLike<number>;
  readonly numClasses: number;
  readonly classNames?: readonly string[] | undefined;
  readonly range: InputRange;
}

/**
 * A data set in [0, 1] out of the numbers of a file. Pictures in bytes stay bytes, others become
 * float32. Values that leave the range by rounding alone are set onto its end.
 *
 * @throws AdvrobError `ADVROB_BOUNDS` for values outside of the range, `ADVROB_NOT_FINITE`, `ADVROB_SHAPE`, `ADVROB_LABEL`.
 */
export function rangedDataset({ inputs, inputShape, type, range, ...common }: RangedArrays): Dataset {
  const [low, high] = range;
  if (inputs instanceof Uint8Array && inputShape.length === 3 && low === 0 && high === 255)
    return imageDataset({ ...common, images: inputs, shape: inputShape as [number, number, number] });
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  const where = { name: common.name, type, size };
  return arrayDataset({ ...common, inputShape, inputs: toUnitRange(inputs, range, where) });
}

/**
 * The range of inputs that nobody said one of, to be seen in the first part of a data set and kept
 * for the others. Floats and booleans are taken for numbers in [0, 1], where others are refused. Integers are bytes
 * where that can be seen: pictures, or rows of type uint8, with a value in the upper half.
 * Features of 0 and 1 taken for bytes would become 0 and 0.0039, and all accuracies would be those
 * of nearly black inputs.
 *
 * @throws AdvrobError `ADVROB_BOUNDS` where it cannot be seen.
 */
export function seenRange({ inputs, type, inputShape, name }: Omit<RangedArrays, 'range'>): InputRange {
  if (type.startsWith('float') || type === 'bool' || inputs.length === 0) return [0, 1];
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < inputs.length; i++) {
    least = Math.min(least, inputs[i]!);
    most = Math.max(most, inputs[i]!);
  }
  const mayBeBytes = inputShape.length > 1 || type === 'uint8';
  if (mayBeBytes && least >= 0 && most >= 128 && most <= 255) return [0, 255];
  const advice = [
    ...(mayBeBytes && least >= 0 && most <= 255 ? ['[0, 255] if they are bytes'] : []),
    ...(least < most ? [`[${least}, ${most}] if these are all that there can be`] : []),
  ];
  throw new AdvrobError(
    'ADVROB_BOUNDS',
    `${name}: the inputs are ${type} from ${least} to ${most}, which does not say what the least and the greatest value can be: ` +
      `set the option range, ${advice.join(', or ') || 'such as [0, 1]'}`,
  );
}

function toUnitRange(
  inputs: ArrayLike<number>,
  range: InputRange,
  { name, type, size }: { readonly name: string; readonly type: string; readonly size: number },
): Float32Array {
  const [low, high] = range;
  const slack = boundsSlack(range);
  return Float32Array.from(inputs, (value, i) => {
    if (value >= low - slack && value <= high + slack) return Math.min(Math.max((value - low) / (high - low), 0), 1);
    const found = `${name}: expected ${type} inputs from ${low} to ${high}, found ${value} in example ${Math.floor(i / size)}`;
    if (!Number.isFinite(value))
      throw new AdvrobError('ADVROB_NOT_FINITE', `${found}: remove or mend such examples before saving`);
    throw new AdvrobError(
      'ADVROB_BOUNDS',
      `${found}: set the option range to what your numbers are, such as [-1, 1] or [0, 255]; undo a normalisation by mean and deviation before saving and put it into the model`,
    );
  });
}
