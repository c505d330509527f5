import { meanKlDivergence } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * `tau^2 * mean KL(softmax(teacher / tau) || softmax(student / tau))` of logits [n, K] (Hinton et al. 2015, https://arxiv.org/abs/1503.02531, section 2.1), a
 * scalar; the factor keeps the gradient's size. The result is the caller's.
 */
export function distillationLoss(teacher: Tensor, student: Tensor, temperature: number): Tensor {
  return tf.tidy(() =>
    tf.mul(meanKlDivergence(tf.div(teacher, temperature), tf.div(student, temperature)), temperature ** 2),
  );
}
