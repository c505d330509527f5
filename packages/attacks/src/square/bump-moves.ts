import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { bump, sidewaysBump, type BumpShape, type Pattern } from './bump.js';
import type { Frame } from '../tensors/frame.js';
import type { WindowSize } from './schedule.js';
import { movedTo, windowMask, type Corners } from './windows.js';

/** What one move of Square in L2 or L1 draws, per row. */
export interface MoveDraws {
  /** Window that gets the new bump. */
  readonly gains: Corners;
  /** Window that gives up its changes. */
  readonly gives: Corners;
  /** Sign of the bump [n, 1, 1, c]. */
  readonly signs: Tensor;
  /** Whether the bump lies sideways [n] (bool). */
  readonly isSideways: Tensor;
}

/** How L2 and L1 measure changes. `sum` adds up over the given axes and keeps them. */
export interface MoveNorm {
  readonly shape: BumpShape;
  length(changes: Tensor, axes: readonly number[]): Tensor;
  /**
   * Length of the new bump in each channel [n, 1, 1, c], out of what `total` [n, 1, 1, 1] leaves unspent of epsilon and what the two windows held in
   * that channel, `windows` [n, 1, 1, c].
   */
  bumpLength(epsilon: number, total: Tensor, windows: Tensor, channels: number): Tensor;
}

/**
 * The changes [n, h, w, c] after a move: the second window is emptied, the first gets a bump on top of the direction of what it held, in each channel
 * with as much length as the two windows had there, and a share of what epsilon has left (algorithm 3 of the paper).
 */
export function moveBump(
  changes: Tensor,
  draws: MoveDraws,
  epsilon: number,
  frame: Frame,
  size: WindowSize,
  norm: MoveNorm,
): Tensor {
  const gains = windowMask(draws.gains, frame, size);
  const gives = windowMask(draws.gives, frame, size);
  const held = tf.mul(changes, gains);
  const windows = norm.length(tf.mul(changes, tf.maximum(gains, gives)), [1, 2]);
  const total = norm.length(changes, [1, 2, 3]);
  const direction = tf.add(
    tf.mul(placedBumps(draws, frame, size, norm.shape), draws.signs),
    tf.div(held, tf.add(norm.length(held, [1, 2]), 1e-12)),
  );
  const unit = tf.div(direction, tf.add(norm.length(direction, [1, 2]), 1e-12));
  const added = tf.mul(unit, norm.bumpLength(epsilon, total, windows, frame.channels));
  const elsewhere = tf.mul(tf.mul(changes, tf.sub(1, gives)), tf.sub(1, gains));
  return tf.add(elsewhere, added);
}

/** The bump of each row at its window, [n, h, w, 1]. */
function placedBumps({ gains, isSideways }: MoveDraws, frame: Frame, size: WindowSize, shape: BumpShape): Tensor {
  const [upright, sideways] = [bump(size, shape), sidewaysBump(size, shape)].map((pattern) => inCorner(pattern, frame));
  const patterns = tf.where(
    tf.reshape(isSideways, [-1, 1, 1]),
    tf.expandDims(sideways!, 0),
    tf.expandDims(upright!, 0),
  );
  return tf.expandDims(movedTo(gains, patterns, frame), 3);
}

function inCorner(pattern: Pattern, { height, width }: Frame): Tensor {
  const values = Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => pattern[row]?.[column] ?? 0),
  );
  return tf.tensor2d(values, [height, width]);
}
