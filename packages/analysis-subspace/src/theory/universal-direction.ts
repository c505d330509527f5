import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { projectAway, type Subspace } from '@advrob/datasets';
import type { TheoryNetwork } from './theory-network.js';

/**
 * z = -y0 sum_j u_j w_j^M, of unit length: one direction in M that lowers y0 N at about every point of class y0, because about the same share of every
 * neuron's sign is active there. Known before training (P1).
 *
 * @param label 0 for y0 = -1, 1 for y0 = +1.
 * @returns [1, d], the caller's.
 */
export function theoryDirection({ first, second }: TheoryNetwork, subspace: Subspace, label: 0 | 1): Tensor {
  return tf.tidy(() => {
    const sum = tf.transpose(tf.matMul(first as unknown as tf.Tensor2D, second as unknown as tf.Tensor2D));
    const away = tf.mul(projectAway(subspace, sum), label === 1 ? -1 : 1);
    return tf.div(away, tf.maximum(tf.norm(away), 1e-30));
  });
}
