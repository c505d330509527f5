import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The examples under attack: one entry per example on the first axis of every tensor. */
export interface Examples {
  readonly ids: Int32Array;
  readonly x: Tensor;
  readonly y: Tensor;
  /** Clean logits [m, K]; left out where nothing asks for them. */
  readonly clean?: Tensor;
  /** Classes that the user wants predicted. */
  readonly target?: Tensor;
}

/** What is fixed for each row: row `r` is lane `r % lanes` of example `floor(r / lanes)`. */
export interface RowTensors {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly clean?: Tensor;
  readonly target?: Tensor;
}

/** [m, ...] to [m * k, ...], each row `k` times in a row. */
export function repeatRows(tensor: Tensor, k: number): Tensor {
  const [m = 0, ...rest] = tensor.shape;
  return tf.tidy(() => tf.reshape(tf.tile(tf.expandDims(tensor, 1), [1, k, ...rest.map(() => 1)]), [m * k, ...rest]));
}

/** Rows of the tensors of a record at the given indices. */
export function gatherRows<T extends Readonly<Record<string, Tensor | undefined>>>(
  tensors: T,
  indices: readonly number[],
): T {
  return tf.tidy(() => {
    const at = tf.tensor1d(Int32Array.from(indices), 'int32');
    return Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, tensor && gather(tensor, at)]),
    ) as unknown as T;
  });
}

/** Gathers rows; a detour for bool tensors, which not every backend gathers. */
export function gather(tensor: Tensor, at: Tensor): Tensor {
  if (tensor.dtype !== 'bool') return tf.gather(tensor, at as tf.Tensor1D);
  return tf.cast(tf.gather(tf.cast(tensor, 'int32'), at as tf.Tensor1D), 'bool');
}

/** The row indices of `lanes` rows for each example index. */
export function rowsOfExamples(examples: readonly number[], lanes: number): number[] {
  return examples.flatMap((example) => Array.from({ length: lanes }, (_, lane) => example * lanes + lane));
}

/** Concatenates records of tensors and orders the rows: row `i` of the parts goes to `positions[i]`. */
export function mergeRows<T extends Readonly<Record<string, Tensor>>>(
  parts: readonly T[],
  positions: readonly number[],
): T {
  const order = new Array<number>(positions.length);
  positions.forEach((position, i) => (order[position] = i));
  return tf.tidy(() => {
    const at = tf.tensor1d(Int32Array.from(order), 'int32');
    const merged = Object.keys(parts[0]!).map((name) => {
      const tensors = parts.map((part) => part[name]!);
      const isBool = tensors[0]!.dtype === 'bool';
      const joined = tf.concat(isBool ? tensors.map((tensor) => tf.cast(tensor, 'int32')) : tensors, 0);
      const ordered = tf.gather(joined, at);
      return [name, isBool ? tf.cast(ordered, 'bool') : ordered];
    });
    return Object.fromEntries(merged) as T;
  });
}

/** Reshapes a per-row vector [rows] so that it broadcasts over `like` [rows, ...]. */
export function column(vector: Tensor, like: Tensor): Tensor {
  return like.rank === 1 ? vector : tf.reshape(vector, [-1, ...new Array<number>(like.rank - 1).fill(1)]);
}

/** Row by row: `yes` where `mask` [rows] (bool), else `no`. */
export function select(mask: Tensor, yes: Tensor, no: Tensor): Tensor {
  return tf.where(column(mask, yes), yes, no);
}
