import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AdvrobError } from '../errors.js';
import { gather, repeatRows } from '../rows.js';

/** The examples under attack: one entry per example on the first axis of every tensor. */
export interface Examples {
  readonly ids: Int32Array;
  readonly x: Tensor;
  readonly y: Tensor;
  /** Clean logits [m, K]; left out where nothing asks for them. */
  readonly clean?: Tensor | undefined;
  /** Classes that the user wants predicted. */
  readonly target?: Tensor | undefined;
}

/** What is fixed for each row: row `r` is lane `r % lanes` of example `floor(r / lanes)`. */
export interface RowTensors {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly clean?: Tensor | undefined;
  readonly target?: Tensor | undefined;
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

/** The row indices of `lanes` rows for each example index. */
export function rowsOfExamples(examples: readonly number[], lanes: number): number[] {
  return examples.flatMap((example) => Array.from({ length: lanes }, (_, lane) => example * lanes + lane));
}

/**
 * Concatenates records of tensors and orders the rows: row `i` of the parts goes to `positions[i]`.
 */
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

/**
 * Examples folded into rows: `count` lanes each, with a target class per row in a lane per target.
 */
export interface Lanes {
  readonly examples: Examples;
  readonly count: number;
  readonly targets?: Tensor | undefined;
}

/** The tensors of every row, new ones. */
export function rowTensors({ examples, count, targets }: Lanes): RowTensors {
  const { x, y, clean } = examples;
  const target = targets ?? examples.target;
  const each = (tensor: Tensor): Tensor => (count === 1 ? tf.clone(tensor) : repeatRows(tensor, count));
  return {
    x: each(x),
    y: each(y),
    clean: clean && each(clean),
    target: targets ? tf.clone(targets) : target && each(target),
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
      targets: lanes.targets && (by === 1 ? lanes.targets : repeatRows(lanes.targets, by)),
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
    ...gatherRows({ x, y, clean, target }, positions),
    ids: Int32Array.from(positions, (position) => examples.ids[position]!),
  };
}
