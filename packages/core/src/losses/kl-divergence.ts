import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttackLoss } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { checkSameLogits } from './rows-check.js';

/**
 * Kullback-Leibler divergence `KL(p || q) = sum_k p_k (log p_k - log q_k)` per row [n], in nats, of
 * the softmaxes of two logit tensors [n, K].
 *
 * Gradients flow through both. The result is the caller's. @throws AdvrobError `ADVROB_LOSS` for
 * logits that are not [n, K] or differ in shape.
 */
export function klDivergence(logitsP: Tensor, logitsQ: Tensor): Tensor {
  checkSameLogits('klDivergence', logitsP, logitsQ);
  return tf.tidy(() => tf.sum(tf.mul(tf.softmax(logitsP), tf.sub(tf.logSoftmax(logitsP), tf.logSoftmax(logitsQ))), 1));
}

/**
 * Mean divergence of a batch, a scalar: the second term of TRADES. Arguments and errors as
 * {@link klDivergence}.
 */
export function meanKlDivergence(logitsP: Tensor, logitsQ: Tensor): Tensor {
  return tf.tidy(() => tf.mean(klDivergence(logitsP, logitsQ)));
}

/**
 * `kl`: ascends the divergence of the outputs from those at the clean example, the inner loss of
 * TRADES (Zhang et al. 2019, arXiv:1901.08573). At the clean example itself its gradient is 0, so
 * an attack needs a random start. It has no targeted form: `ADVROB_LOSS`.
 */
export const klLoss: AttackLoss = {
  name: 'kl',
  value(logits, { clean, target }) {
    if (target)
      throw new AdvrobError(
        'ADVROB_LOSS',
        "loss 'kl' has no targeted form: attack without targets, or use the loss 'ce'",
      );
    return klDivergence(clean, logits);
  },
};
