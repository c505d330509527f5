import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Rounding unit of float32. */
const unit = 2 ** -24;

/**
 * Largest relative error of a sum of `terms` products in float32, in any order (Higham 2002,
 * *Accuracy and Stability of Numerical Algorithms*, lemma 3.1 and section 3.1).
 */
export function gamma(terms: number): number {
  return (terms * unit) / (1 - Math.min(0.5, terms * unit));
}

/** More than what is lost where numbers of float32 become too small, in sums of up to 10^7 terms. */
export const tiny = 1e-30;

const floats = new Float32Array(1);
const bits = new Int32Array(floats.buffer);

/** The largest number of float32 that is not above `value`. */
export function roundDown(value: number): number {
  floats[0] = value;
  if (!(floats[0]! > value)) return floats[0]!;
  if (floats[0] === Infinity) return 3.4028234663852886e38;
  if (floats[0] === 0) return -1.401298464324817e-45;
  bits[0]! += floats[0]! > 0 ? -1 : 1;
  return floats[0]!;
}

/** The smallest number of float32 that is not below `value`. */
export function roundUp(value: number): number {
  return -roundDown(-value);
}

/** How a sum of `size` values is split in blocks, so that few follow each other. */
function blocksOf(size: number): readonly [count: number, length: number] {
  const root = Math.ceil(Math.sqrt(size));
  for (let length = root; length <= Math.min(size, 4 * root); length++)
    if (size % length === 0) return [size / length, length];
  return [Math.ceil(size / root), root];
}

/** Additions that a value goes through in {@link sumOfRows}, and a product before. */
export function termsOfSum(size: number): number {
  const [count, length] = blocksOf(size);
  return count + length + 1;
}

/** Sums [n, rows] over the last axis of x [n, rows, size], in blocks. */
export function sumOfRows(x: Tensor): Tensor {
  const [n, rows, size] = x.shape as [number, number, number];
  const [count, length] = blocksOf(size);
  const more = count * length - size;
  const full =
    more === 0
      ? x
      : tf.pad(x, [
          [0, 0],
          [0, 0],
          [0, more],
        ]);
  return tf.sum(tf.sum(tf.reshape(full, [n, rows, count, length]), 3), 2);
}

/** Products [n, rows] of coefficients [n, rows, size] with non-negative values [n, size]; at most 1 + 2 gamma off. */
export function productWithPositive(coefficients: Tensor, values: Tensor): Tensor {
  const [n, rows, size] = coefficients.shape as [number, number, number];
  const column = tf.reshape(values, [values.shape[0]!, size, 1]);
  if (values.shape[0] === n) return tf.reshape(tf.matMul(coefficients, column), [n, rows]);
  return tf.reshape(
    tf.matMul(tf.reshape(coefficients, [n * rows, size]) as tf.Tensor2D, tf.reshape(column, [size, 1]) as tf.Tensor2D),
    [n, rows],
  );
}
