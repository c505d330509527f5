import '../gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { logitOf, oneHot } from '../rows.js';

/** Far below any logit, yet finite, so that no product with it is NaN. */
const excluded = -1e30;

/** The logits with the one of each row's class out of the running. */
export function withoutClass(logits: Tensor, classes: Tensor): Tensor2D {
  return tf.tidy(() => {
    const isClass = tf.cast(oneHot(classes, logits.shape[1]!), 'bool');
    return tf.where(isClass, tf.fill(logits.shape as [number, number], excluded), logits) as Tensor2D;
  });
}

/**
 * `log sum_{k != y} exp z_k` per row [n], for at least two classes. The gradient is the softmax
 * over the other classes.
 */
function logSumExpOfOthers(logits: Tensor, classes: Tensor): Tensor {
  const value = tf.customGrad((...args: unknown[]) => {
    const [z, save] = args as [Tensor, tf.GradSaveFunc];
    save([z]);
    return {
      value: tf.logSumExp(withoutClass(z, classes), 1),
      // From the input alone, not from a saved output, so that second derivatives are right too.
      gradFunc: (upstream: Tensor, saved: Tensor[]) =>
        tf.mul(tf.expandDims(upstream, 1), tf.softmax(withoutClass(saved[0]!, classes))),
    };
  });
  return value(logits);
}

/**
 * `z_y - log sum_{k != y} exp z_k` per row [n]: the log odds of the class. Cross-entropy and log(1
 * - p_y) are functions of it that stay exact where `p_y` rounds to 0 or 1.
 */
export function logOdds(logits: Tensor, classes: Tensor): Tensor {
  return tf.tidy(() => {
    // Differences first: large logits that lie close together lose nothing.
    const leads = tf.sub(logits, tf.expandDims(logitOf(logits, classes), 1));
    return tf.neg(logSumExpOfOthers(leads, classes));
  });
}

/**
 * `log(1 + exp x)`, exact to float32 at both ends: `tf.softplus` loses up to 6% near x = -14 on
 * float32 backends. Its gradient is the sigmoid.
 */
export function softplus(x: Tensor): Tensor {
  const value = tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [Tensor, tf.GradSaveFunc];
    save([input]);
    return {
      // eslint-disable-next-line no-restricted-syntax -- gradients.js mends the wasm backend's
      value: tf.add(tf.relu(input), tf.log1p(tf.exp(tf.neg(tf.abs(input))))),
      gradFunc: (upstream: Tensor, saved: Tensor[]) => tf.mul(upstream, tf.sigmoid(saved[0]!)),
    };
  });
  return value(x);
}
