import { AdvrobError, type Dataset } from '@advrob/core';
import { contentDigest } from '../batches/content-hash.js';
import { sourceDataset } from '../batches/source-dataset.js';

/**
 * Labelled inputs of any shape as numbers. The arrays are kept, not copied: leave them unchanged
 * afterwards.
 */
export interface NumberArrays {
  readonly name: string;
  /** Row-major [n, ...inputShape], every value inside the bounds. */
  readonly inputs: Float32Array;
  /** Class indices [n], 0..numClasses - 1. */
  readonly labels: ArrayLike<number>;
  /** Shape of one input, such as [height, width, channels] or [features]. */
  readonly inputShape: readonly number[];
  readonly numClasses: number;
  /** Least and greatest value. Default [0, 1]. */
  readonly bounds?: readonly [number, number] | undefined;
  readonly classNames?: readonly string[] | undefined;
}

/**
 * A data set over float32 numbers in memory, four times the size of {@link imageDataset} for
 * pixels. Batches and `hash` as there.
 *
 * @throws AdvrobError `ADVROB_SHAPE` when lengths disagree, `ADVROB_BOUNDS` for a value outside of
 *   the bounds or NaN, `ADVROB_LABEL`.
 * @example
 * ```ts
 * import { arrayDataset } from '@advrob/datasets';
 *
 * const inputs = Float32Array.of(0, 1, 1, 0);
 * const about = { name: 'points', inputShape: [2], numClasses: 2 };
 * const points = arrayDataset({ ...about, inputs, labels: [0, 1] });
 * console.log(points.length, points.bounds); // 2 [0, 1]
 * ```
 */
export function arrayDataset({ name, inputs, labels, inputShape, numClasses, ...more }: NumberArrays): Dataset {
  const { bounds = [0, 1] as const, classNames } = more;
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  if (!inputShape.every((extent) => Number.isInteger(extent) && extent > 0))
    throw new AdvrobError('ADVROB_SHAPE', `${name}: expected whole positive extents, got [${inputShape.join(', ')}]`);
  if (inputs.length !== labels.length * size)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${name}: expected ${labels.length} inputs of ${size} numbers for ${labels.length} labels, got ${inputs.length} numbers`,
    );
  const outside = inputs.findIndex((value) => !(value >= bounds[0] && value <= bounds[1]));
  if (outside >= 0)
    throw new AdvrobError(
      'ADVROB_BOUNDS',
      `${name}: expected values from ${bounds[0]} to ${bounds[1]}, got ${inputs[outside]} in example ${Math.floor(outside / size)}`,
    );
  return sourceDataset({
    name,
    labels,
    inputShape,
    numClasses,
    bounds,
    classNames,
    read(ids, target) {
      ids.forEach((id, row) => target.set(inputs.subarray(id * size, (id + 1) * size), row * size));
    },
    digest: contentDigest({ shape: inputShape, numClasses }, labels, inputs),
  });
}
