import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AdvrobError } from '../errors.js';
import { gatherRows, repeatRows, type Examples, type RowTensors } from './rows.js';

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
