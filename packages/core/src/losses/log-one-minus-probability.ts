import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttackLoss } from '../contract/index.js';
import { logOdds, softplus } from './class-logits.js';
import { checkRows } from './rows-check.js';

/**
 * `log(1 - p_y)` per row [n] of logits [n, K] and class indices [n] (int32), the inner loss of DALE
 * (Robey et al. 2021, arXiv:2110.15767).
 *
 * Written as `-softplus(m)` with `m = z_y - log sum_{k != y} exp z_k`: finite with a full gradient
 * where `p_y` rounds to 1.
 *
 * The result is the caller's. @throws AdvrobError `ADVROB_LOSS` for other shapes or types.
 */
export function logOneMinusProbability(logits: Tensor, y: Tensor): Tensor {
  checkRows('logOneMinusProbability', logits, y);
  return tf.tidy(() => tf.neg(softplus(logOdds(logits, y))));
}

/** `log1mp`: ascends `log(1 - p)` of the label, or descends that of the target. */
export const logOneMinusLoss: AttackLoss = {
  name: 'log1mp',
  value: (logits, { y, target }) =>
    target ? tf.tidy(() => tf.neg(logOneMinusProbability(logits, target))) : logOneMinusProbability(logits, y),
};
