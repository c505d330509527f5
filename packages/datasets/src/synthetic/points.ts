import type { Splits } from '@advrob/core';
import { arrayDataset } from '../from/array-dataset.js';

/** A handful of labelled points in R^d. */
export interface Points {
  /** Row-major [n, d]. */
  readonly inputs: Float32Array;
  /** 0 for the label -1, 1 for +1. */
  readonly labels: Int32Array;
  /** d. */
  readonly size: number;
}

/**
 * Points as a data set with two classes. Training, validation and test data are the same points:
 * these experiments fit all there is.
 */
export function pointSplits(name: string, { inputs, labels, size }: Points, bounds: readonly [number, number]): Splits {
  const points = arrayDataset({ name, inputs, labels, inputShape: [size], numClasses: 2, bounds });
  return { train: points, validation: points, test: points };
}
