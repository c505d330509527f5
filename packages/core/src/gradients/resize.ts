import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, Tensor } from '@tensorflow/tfjs-core';

interface ResizeAttributes {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/**
 * What every row of an image gives to every row of the resized image, [from, to], as tfjs samples:
 * from the nearest row, or from two neighbours in shares.
 */
function sampling(from: number, to: number, isLinear: boolean, rule: ResizeAttributes): Float32Array {
  const isAligned = rule.alignCorners && to > 1;
  const ratio = isAligned ? (from - 1) / (to - 1) : from / to;
  const offset = rule.halfPixelCenters ? 0.5 : 0;
  const inside = (row: number): number => Math.min(from - 1, Math.max(0, row));
  const matrix = new Float32Array(from * to);
  for (let row = 0; row < to; row++) {
    if (isLinear) {
      const source = ratio * (row + offset) - offset;
      const low = inside(Math.floor(source));
      const share = source - low;
      matrix[low * to + row]! += 1 - share;
      matrix[inside(Math.ceil(source)) * to + row]! += share;
    } else {
      const source = ratio * (row + offset);
      matrix[inside(rule.alignCorners ? Math.round(source) : Math.floor(source)) * to + row]! += 1;
    }
  }
  return matrix;
}

/** Whole copies of every pixel: the gradient of each is the sum of theirs. */
function summedCopies(dy: Tensor, [n, height, width, c]: readonly number[]): Tensor | null {
  const [rows, columns] = [dy.shape[1]! / height!, dy.shape[2]! / width!];
  if (!Number.isInteger(rows) || !Number.isInteger(columns)) return null;
  const byRow = tf.sum(tf.reshape(dy, [n! * height!, rows, dy.shape[2]! * c!]), 1);
  const byColumn = tf.sum(tf.reshape(byRow, [n! * height! * width!, columns, c!]), 1);
  return tf.reshape(byColumn, [n!, height!, width!, c!]);
}

/** The transposed map: products with the sampling matrices from both sides. */
function unsampled(dy: Tensor, shape: readonly number[], isLinear: boolean, rule: ResizeAttributes): Tensor {
  const [n, height, width, c] = shape as [number, number, number, number];
  const [toHeight, toWidth] = [dy.shape[1]!, dy.shape[2]!];
  const matrix = (from: number, to: number): Tensor =>
    tf.tensor(sampling(from, to, isLinear, rule), [1, from, to], 'float32');
  const byRow = tf.matMul(matrix(height, toHeight), tf.reshape(dy, [n, toHeight, toWidth * c]));
  const byColumn = tf.matMul(matrix(width, toWidth), tf.reshape(byRow, [n * height, toWidth, c]));
  return tf.reshape(byColumn, [...shape]);
}

function resize(kernelName: string, isLinear: boolean): GradConfig {
  return {
    kernelName,
    inputsToSave: ['images'],
    gradFunc: ((dy: Tensor, [images]: [Tensor], attributes: ResizeAttributes) => ({
      images: () => {
        const copies = isLinear || attributes.alignCorners ? null : summedCopies(dy, images.shape);
        return copies ?? unsampled(dy, images.shape, isLinear, attributes);
      },
    })) as unknown as GradFunc,
  };
}

/**
 * tfjs' gradients know no half pixels; those of its cpu backend mix up rows and columns, and the
 * images of a batch.
 */
export const resizeGradients: readonly GradConfig[] = [
  resize('ResizeBilinear', true),
  resize('ResizeNearestNeighbor', false),
];
