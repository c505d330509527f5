import type { RowRandom, ThreatModel } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { asImages, type Frame } from '../shared/images.js';
import { reachOf } from '../shared/steps.js';

/** Iterations (out of 10,000) after which the area of the windows is halved. */
const halvings = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];

/**
 * Share of the image that the window of an iteration (0, 1, ...) covers (Andriushchenko et al.
 * 2020, https://arxiv.org/abs/1912.00049, section 5).
 */
export function shareAt(iteration: number, initial: number): number {
  return initial / 2 ** halvings.filter((from) => iteration > from).length;
}

/** The iteration of the schedule for 10,000 that stands for `iteration` of `queries`. */
export function rescaled(iteration: number, queries: number): number {
  return Math.trunc((iteration / queries) * 10_000);
}

export interface WindowSize {
  readonly height: number;
  readonly width: number;
}

/**
 * A square of this share of the image, at least `least` wide; odd if wished. Where the image is
 * lower than that, the window takes its whole height and is as wide as the area asks (an image of
 * one line gets an interval).
 */
export function windowSize(
  share: number,
  frame: Frame,
  { least, isOdd }: { least: number; isOdd: boolean },
): WindowSize {
  const side = (length: number): number => {
    const rounded = Math.max(roundHalfToEven(length), least);
    return isOdd && rounded % 2 === 0 ? rounded + 1 : rounded;
  };
  const area = share * frame.height * frame.width;
  const square = side(Math.sqrt(area));
  const [low, high] = [Math.min(frame.height, frame.width), Math.max(frame.height, frame.width)];
  const [short, long] = square <= low ? [square, square] : [low, Math.min(high, side(area / low))];
  return frame.height <= frame.width ? { height: short, width: long } : { height: long, width: short };
}

/** As Python's `round`. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** Upper left corners of one window per row, [n] float32 whole numbers. */
export interface Corners {
  readonly top: Tensor;
  readonly left: Tensor;
}

/** Random corners such that the windows lie inside the image, every place with equal chances. */
export function drawCorners(rng: RowRandom, purpose: string, frame: Frame, size: WindowSize): Corners {
  return {
    top: tf.floor(rng.uniform(`${purpose} top`, [], 0, frame.height - size.height + 1)),
    left: tf.floor(rng.uniform(`${purpose} left`, [], 0, frame.width - size.width + 1)),
  };
}

/**
 * 1 inside the window of each row, else 0: [n, h, w, 1]. Comparisons instead of slices keep the
 * shape of the computation the same.
 */
export function windowMask({ top, left }: Corners, frame: Frame, size: WindowSize): Tensor {
  const inside = (from: Tensor, count: number, length: number, shape: number[]): Tensor => {
    const start = tf.reshape(from, [-1, 1, 1, 1]);
    const place = tf.reshape(tf.range(0, length, 1, 'float32'), shape);
    return tf.logicalAnd(tf.greaterEqual(place, start), tf.less(place, tf.add(start, count)));
  };
  const rows = inside(top, size.height, frame.height, [1, -1, 1, 1]);
  const columns = inside(left, size.width, frame.width, [1, 1, -1, 1]);
  return tf.cast(tf.logicalAnd(rows, columns), 'float32');
}

/** +1 or -1 with equal chances, [n, ...perRow]. */
export function drawSigns(rng: RowRandom, purpose: string, perRow: readonly number[]): Tensor {
  const isPositive = tf.greaterEqual(rng.uniform(purpose, perRow, -1, 1), 0);
  return tf.sub(tf.mul(tf.cast(isPositive, 'float32'), 2), 1);
}

/**
 * Patterns [n, h, w], each given in the upper left corner, moved so that this corner comes to lie
 * at `corners`; what leaves the image is lost. Written as two matrix products.
 */
export function movedTo({ top, left }: Corners, patterns: Tensor, { height, width }: Frame): Tensor {
  const shift = (from: Tensor, length: number, isTransposed: boolean): Tensor => {
    const place = tf.range(0, length, 1, 'float32');
    const [to, source] = isTransposed
      ? [
          [1, 1, -1],
          [1, -1, 1],
        ]
      : [
          [1, -1, 1],
          [1, 1, -1],
        ];
    const distance = tf.sub(tf.reshape(place, to!), tf.reshape(place, source!));
    return tf.cast(tf.equal(distance, tf.reshape(from, [-1, 1, 1])), 'float32');
  };
  const down = tf.matMul(shift(top, height, false), patterns);
  return tf.matMul(down, shift(left, width, true));
}

/** Linf: the start, vertical stripes of plus or minus epsilon, one sign per column and channel. */
export function stripes(x: Tensor, threat: ThreatModel, frame: Frame, rng: RowRandom): Tensor {
  const signs = drawSigns(rng, 'stripes', [1, frame.width, frame.channels]);
  const striped = tf.add(asImages(x, frame), tf.mul(signs, reachOf(threat, x)));
  return threat.project(tf.reshape(striped, x.shape), x);
}

/** Linf: `best` with a window set to plus or minus epsilon, one sign per channel. */
export function paintWindow(
  best: Tensor,
  x: Tensor,
  threat: ThreatModel,
  frame: Frame,
  size: WindowSize,
  rng: RowRandom,
): Tensor {
  const mask = windowMask(drawCorners(rng, 'window', frame, size), frame, size);
  const signs = drawSigns(rng, 'sign', [1, 1, frame.channels]);
  // Twice epsilon, so that the clipping to the ball leaves the full change whatever was there
  // before.
  const change = tf.mul(tf.mul(mask, signs), 2 * reachOf(threat, x));
  return threat.project(tf.reshape(tf.add(asImages(best, frame), change), x.shape), x);
}
