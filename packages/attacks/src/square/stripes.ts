import type { RowRandom, ThreatModel } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { reachOf } from '../gradient/reach.js';
import { asImages, type Frame } from '../tensors/frame.js';
import type { WindowSize } from './schedule.js';
import { drawCorners, drawSigns, windowMask } from './windows.js';

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
  // Twice epsilon, so that the clipping to the ball leaves the full change whatever was there before.
  const change = tf.mul(tf.mul(mask, signs), 2 * reachOf(threat, x));
  return threat.project(tf.reshape(tf.add(asImages(best, frame), change), x.shape), x);
}
