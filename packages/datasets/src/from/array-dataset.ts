import { AdvrobError, type Dataset } from '@advrob/core';
import { boundsSlack } from '@advrob/core/threat';
import { contentDigest } from '../batches/content-hash.js';
import { sourceDataset } from '../batches/source-dataset.js';

/**
 * Labelled inputs of any shape as numbers. The arrays are kept, not copied: leave them unchanged
 * afterwards. Values beyond the bounds by rounding alone (a millionth of their distance) are set
 * onto them in a copy.
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
 *   the bounds, `ADVROB_NOT_FINITE`, `ADVROB_LABEL`.
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
  const kept = inside(inputs, bounds, size, name);
  return sourceDataset({
    name,
    labels,
    inputShape,
    numClasses,
    bounds,
    classNames,
    read(ids, target) {
      ids.forEach((id, row) => target.set(kept.subarray(id * size, (id + 1) * size), row * size));
    },
    digest: contentDigest({ shape: inputShape, numClasses }, labels, kept),
  });
}

/** The inputs, or a copy where rounding took some beyond the bounds. */
function inside(inputs: Float32Array, bounds: readonly [number, number], size: number, name: string): Float32Array {
  const [low, high] = bounds;
  const slack = boundsSlack(bounds);
  let isOver = false;
  for (let i = 0; i < inputs.length; i++) {
    const value = inputs[i]!;
    if (value >= low && value <= high) continue;
    const example = `got ${value} in example ${Math.floor(i / size)}`;
    if (!Number.isFinite(value))
      throw new AdvrobError('ADVROB_NOT_FINITE', `${name}: expected values from ${low} to ${high}, ${example}`);
    if (!(value >= low - slack && value <= high + slack))
      throw new AdvrobError('ADVROB_BOUNDS', `${name}: expected values from ${low} to ${high}, ${example}`);
    isOver = true;
  }
  return isOver ? inputs.map((value) => Math.min(Math.max(value, low), high)) : inputs;
}
