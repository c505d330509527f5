import '../gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttackLoss } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { oneHot } from '../rows.js';
import { checkSameLogits } from './rows-check.js';
import { withoutGradient } from './without-gradient.js';

/**
 * Kullback-Leibler divergence `KL(p || q) = sum_k p_k (log p_k - log q_k)` per row [n], in nats, of
 * the softmaxes of two logit tensors [n, K].
 *
 * Written as `sum_k (q_k - p_k) - p_k (log q_k - log p_k)`, whose terms are all at least 0. The usual
 * forms lose the most probable class in float32 once both of its probabilities round to 1: values
 * fall below 0, and the gradient `q - p` has nothing at the class that an attack is to leave.
 *
 * Gradients flow through both. The result is the caller's. @throws AdvrobError `ADVROB_LOSS` for
 * logits that are not [n, K] or differ in shape.
 */
export function klDivergence(logitsP: Tensor, logitsQ: Tensor): Tensor {
  checkSameLogits('klDivergence', logitsP, logitsQ);
  const value = tf.customGrad((...args: unknown[]) => {
    const [first, second, save] = args as [Tensor, Tensor, tf.GradSaveFunc];
    save([first, second]);
    return {
      value: tf.tidy(() => divergenceOf(compare(first, second))),
      gradFunc: (upstream: Tensor, saved: Tensor[]) => {
        const found = compare(saved[0]!, saved[1]!);
        const byRow = tf.expandDims(upstream, 1);
        const slopes = tf.mul(found.p, tf.add(found.logRatio, tf.expandDims(divergenceOf(found), 1)));
        return [
          tf.mul(byRow, balanced(tf.neg(slopes), saved[0]!)),
          tf.mul(byRow, balanced(found.difference, saved[0]!)),
        ];
      },
    };
  });
  return value(logitsP, logitsQ);
}

/** The softmaxes of two logit tensors beside each other, all [n, K]. */
interface Compared {
  readonly p: Tensor;
  /** `log q - log p`. */
  readonly logRatio: Tensor;
  /** `q - p`, exact also where the two are close. */
  readonly difference: Tensor;
}

function compare(first: Tensor, second: Tensor): Compared {
  const [p, q] = [tf.softmax(first), tf.softmax(second)];
  const logRatio = tf.sub(tf.logSoftmax(second), tf.logSoftmax(first));
  const difference = tf.where(tf.less(logRatio, 1), tf.mul(p, tf.expm1(tf.minimum(logRatio, 1))), tf.sub(q, p));
  return { p, logRatio, difference };
}

function divergenceOf({ p, logRatio, difference }: Compared): Tensor {
  return tf.sum(tf.relu(tf.sub(difference, tf.mul(p, logRatio))), 1);
}

/**
 * Rows of a gradient in logits, which sum to 0, with the entry of the most probable class out of the
 * others, beside which it is a difference of numbers near 1.
 */
function balanced(rows: Tensor, logits: Tensor): Tensor {
  const isTop = withoutGradient(logits, (z) => oneHot(tf.argMax(z, 1), z.shape[1]!));
  const others = tf.mul(rows, tf.sub(1, isTop));
  return tf.sub(others, tf.mul(isTop, tf.sum(others, 1, true)));
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
