import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AdvrobError } from '../errors.js';

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

/** Examples folded into rows: `count` lanes each, with a target class per row in a lane per target. */
export interface Lanes {
  readonly examples: Examples;
  readonly count: number;
  readonly targets?: Tensor;
}

/** The tensors of every row, new ones. */
export function rowTensors({ examples, count, targets }: Lanes): RowTensors {
  const { x, y, clean } = examples;
  const target = targets ?? examples.target;
  const each = (tensor: Tensor): Tensor => (count === 1 ? tf.clone(tensor) : repeatRows(tensor, count));
  return {
    x: each(x),
    y: each(y),
    ...(clean && { clean: each(clean) }),
    ...(target && { target: targets ? tf.clone(targets) : each(target) }),
  };
}

/** `k` copies of every row, or one row per entry of `targets` [rows, k]. */
export function expandLanes(lanes: Lanes, by: number | { readonly targets: Tensor }): Lanes {
  const rows = lanes.examples.x.shape[0]! * lanes.count;
  if (typeof by === 'number') {
    if (!Number.isInteger(by) || by < 1)
      throw new AdvrobError('ADVROB_OPTION', `expected a positive whole number of lanes, got ${by}`);
    return {
      examples: lanes.examples,
      count: lanes.count * by,
      ...(lanes.targets && { targets: by === 1 ? lanes.targets : repeatRows(lanes.targets, by) }),
    };
  }
  const [given, k = 0] = by.targets.shape;
  if (by.targets.rank !== 2 || given !== rows || k < 1)
    throw new AdvrobError('ADVROB_SHAPE', `expected target classes [${rows}, k], got [${by.targets.shape.join(', ')}]`);
  return {
    examples: lanes.examples,
    count: lanes.count * k,
    targets: tf.tidy(() => tf.reshape(tf.cast(by.targets, 'int32'), [rows * k])),
  };
}

/** The examples at `positions`. */
export function gatherExamples(examples: Examples, positions: readonly number[]): Examples {
  const { x, y, clean, target } = examples;
  return {
    ...gatherRows({ x, y, ...(clean && { clean }), ...(target && { target }) }, positions),
    ids: Int32Array.from(positions, (position) => examples.ids[position]!),
  };
}
