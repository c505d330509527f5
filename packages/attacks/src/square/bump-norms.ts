import type { ThreatModel } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { reachOf } from '../gradient/reach.js';
import { l1Bump, l2Bump } from './bump.js';
import type { MoveNorm } from './bump-moves.js';
import { asImages, type Frame } from '../tensors/frame.js';

/** {@link MoveNorm} with the point that stands for some changes [n, h, w, c]. */
export interface BumpNorm extends MoveNorm {
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
  /** `c` times what L2 takes by analogy, as in AutoAttack: the projection cuts off what is too much. */
  bumpLength: (epsilon, total, windows, channels) => tf.add(tf.relu(tf.sub(epsilon, total)), tf.mul(windows, channels)),
  /** Projected on a ball that is smaller by a millionth, as in AutoAttack, so that rounding does not leave the ball. */
  pointOf(changes, x, threat, frame) {
    const inner = threat.withEpsilon(reachOf(threat, x) * (1 - 1e-6));
    return inner.project(tf.reshape(tf.add(asImages(x, frame), changes), x.shape), x);
  },
};

export const bumpNorms = { l2, l1 };
