import { AdvrobError, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { projectAway, type Subspace } from '@advrob/datasets';

/**
 * Multiplies the part of a first layer that is orthogonal to the data, w_j^M, by a factor, in
 * place: small initialisation of that part alone (P5). What the model says about points of P stays
 * as it is.
 *
 * @param weight Name of the first layer's kernel [d, m]. Default `fc1.weight`.
 * @throws AdvrobError `ADVROB_ANALYSIS` when there is no such kernel over the inputs of the
 *   subspace.
 */
export function scaleOrthogonal(model: Classifier, subspace: Subspace, factor: number, weight = 'fc1.weight'): void {
  const kernel = model.weights[weight];
  if (kernel?.rank !== 2 || kernel.shape[0] !== subspace.size)
    throw new AdvrobError(
      'ADVROB_ANALYSIS',
      `scaleOrthogonal: expected a kernel '${weight}' [${subspace.size}, m], got ${kernel ? `[${kernel.shape.join(', ')}]` : `the weights ${Object.keys(model.weights).join(', ')}`}`,
    );
  tf.tidy(() => {
    const away = tf.transpose(projectAway(subspace, tf.transpose(kernel as unknown as Tensor)));
    kernel.assign(tf.add(kernel, tf.mul(away, factor - 1)));
  });
}
