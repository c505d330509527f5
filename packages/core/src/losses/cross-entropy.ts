import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttackLoss } from '../contract/index.js';
import { logOdds, softplus } from './class-logits.js';
import { checkRows } from './rows-check.js';

/**
 * Cross-entropy `-log p_y` per row [n] of logits [n, K] and class indices [n] (int32).
 *
 * Written as `softplus(-m)` with `m = z_y - log sum_{k != y} exp z_k`, whose gradient keeps its
 * direction for confident rows. The usual form `p - onehot(y)` loses the class' own entry in
 * float32 as soon as `1 - p_y` is below 6e-8.
 *
 * The result is the caller's. @throws AdvrobError `ADVROB_LOSS` for other shapes or types.
 */
export function crossEntropy(logits: Tensor, y: Tensor): Tensor {
  checkRows('crossEntropy', logits, y);
  return tf.tidy(() => softplus(tf.neg(logOdds(logits, y))));
}

/**
 * Mean cross-entropy of a batch, a scalar: the training loss. Arguments and errors as
 * {@link crossEntropy}.
 */
export function meanCrossEntropy(logits: Tensor, y: Tensor): Tensor {
  return tf.tidy(() => tf.mean(crossEntropy(logits, y)));
}

/** `ce`: ascends the cross-entropy of the label, or descends that of the target. */
export const crossEntropyLoss: AttackLoss = {
  name: 'ce',
  value: (logits, { y, target }) =>
    target ? tf.tidy(() => tf.neg(crossEntropy(logits, target))) : crossEntropy(logits, y),
};
