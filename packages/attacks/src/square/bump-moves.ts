import type { ThreatModel } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { asImages, type Frame } from '../shared/images.js';
import { reachOf } from '../shared/steps.js';
import { movedTo, windowMask, type Corners, type WindowSize } from './windows.js';

/** A small image on the host, row by row. */
type Pattern = readonly (readonly number[])[];

/** How a bump falls off from its centre, and in which norm it has length 1. */
export interface BumpShape {
  readonly exponent: number;
  lengthOf(values: readonly number[]): number;
}

export const l2Bump: BumpShape = { exponent: 2, lengthOf: (values) => Math.hypot(...values) };
export const l1Bump: BumpShape = {
  exponent: 4,
  lengthOf: (values) => values.reduce((sum, value) => sum + Math.abs(value), 0),
};

/**
 * The pattern that Square adds in L2 and L1: the upper half a positive, the lower half a negative
 * pyramid of concentric rectangles with weights `1 / (m + 1)^exponent`, of length 1 (Andriushchenko
 * et al. 2020, https://arxiv.org/abs/1912.00049, section 4.3).
 */
export function bump({ height, width }: WindowSize, shape: BumpShape): Pattern {
  const upper = Math.floor(height / 2);
  const lower = pyramid(height - upper, width, shape).map((row) => row.map((value) => -value));
  return normalized([...(upper > 0 ? pyramid(upper, width, shape) : []), ...lower], shape);
}

/** The same with the halves side by side. */
export function sidewaysBump({ height, width }: WindowSize, shape: BumpShape): Pattern {
  const upright = bump({ height: width, width: height }, shape);
  return Array.from({ length: height }, (_, row) => upright.map((values) => values[row]!));
}

function pyramid(height: number, width: number, shape: BumpShape): Pattern {
  const [middle, centre] = [Math.floor(height / 2), Math.floor(width / 2)];
  // Rectangle m reaches m places from the centre, so a place gets all rectangles from its own
  // distance on.
  const layers = Math.max(middle, centre) + 1;
  const weightFrom = (distance: number): number => {
    let sum = 0;
    for (let m = distance; m < layers; m++) sum += 1 / (m + 1) ** shape.exponent;
    return sum;
  };
  const values = Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) =>
      weightFrom(Math.max(Math.abs(row - middle), Math.abs(column - centre))),
    ),
  );
  return normalized(values, shape);
}

function normalized(pattern: Pattern, { lengthOf }: BumpShape): Pattern {
  const length = lengthOf(pattern.flat());
  return pattern.map((row) => row.map((value) => value / length));
}

/** What one move of Square in L2 or L1 draws, per row. */
interface MoveDraws {
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
interface MoveNorm {
  readonly shape: BumpShape;
  length(changes: Tensor, axes: readonly number[]): Tensor;
  /**
   * Length of the new bump in each channel [n, 1, 1, c], out of what `total` [n, 1, 1, 1] leaves
   * unspent of epsilon and what the two windows held in that channel, `windows` [n, 1, 1, c].
   */
  bumpLength(epsilon: number, total: Tensor, windows: Tensor, channels: number): Tensor;
}

/**
 * The changes [n, h, w, c] after a move: the second window is emptied, the first gets a bump on top
 * of the direction of what it held, in each channel with as much length as the two windows had
 * there, and a share of what epsilon has left (algorithm 3 of the paper).
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

/** {@link MoveNorm} with the point that stands for some changes [n, h, w, c]. */
interface BumpNorm extends MoveNorm {
  pointOf(changes: Tensor, x: Tensor, threat: ThreatModel, frame: Frame): Tensor;
}

const l2: BumpNorm = {
  shape: l2Bump,
  length: (changes, axes) => tf.sqrt(tf.sum(tf.square(changes), [...axes], true)),
  bumpLength: (epsilon, total, windows, channels) => {
    const unspent = tf.relu(tf.sub(epsilon ** 2, tf.square(total)));
    return tf.sqrt(tf.add(tf.div(unspent, channels), tf.square(windows)));
  },
  /** Always the full length epsilon, then the bounds. */
  pointOf(changes, x, threat, frame) {
    const unit = tf.div(changes, tf.add(l2.length(changes, [1, 2, 3]), 1e-12));
    const point = tf.add(asImages(x, frame), tf.mul(unit, reachOf(threat, x)));
    return threat.project(tf.reshape(point, x.shape), x);
  },
};

const l1: BumpNorm = {
  shape: l1Bump,
  length: (changes, axes) => tf.sum(tf.abs(changes), [...axes], true),
  /**
   * `c` times what L2 takes by analogy, as in AutoAttack: the projection cuts off what is too much.
   */
  bumpLength: (epsilon, total, windows, channels) => tf.add(tf.relu(tf.sub(epsilon, total)), tf.mul(windows, channels)),
  /**
   * Projected on a ball that is smaller by a millionth, as in AutoAttack, so that rounding does not
   * leave the ball.
   */
  pointOf(changes, x, threat, frame) {
    const inner = threat.withEpsilon(reachOf(threat, x) * (1 - 1e-6));
    return inner.project(tf.reshape(tf.add(asImages(x, frame), changes), x.shape), x);
  },
};

export const bumpNorms = { l2, l1 };
