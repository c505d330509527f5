import { AdvrobError } from '@advrob/core';
import { unit } from '@advrob/core/rows';
import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import { projectAway } from '@advrob/datasets';
import type { Subspace } from '@advrob/datasets';

/** The parts of N(x) = sum_j u_j relu(w_j . x). They belong to the model. */
export interface TheoryNetwork {
  /** w_j as columns, [d, m]. */
  readonly first: Variable;
  /** u_j, [m, 1]. */
  readonly second: Variable;
  /** m. */
  readonly width: number;
  /** d. */
  readonly inputs: number;
}

/**
 * The theory's network inside of a classifier, made by
 * `twoLayer({ bias: false, secondLayer: 'fixed' })` of `@advrob/models` or with weights of the same
 * names: `fc1.weight` [d, m] as the only weight, `fc2.weight` [m, 1] as a buffer with entries of
 * one magnitude.
 *
 * @throws AdvrobError `ADVROB_ANALYSIS` for any other model: the bounds hold for this network
 *   alone.
 */
export function theoryNetwork(model: Classifier): TheoryNetwork {
  const first = model.weights['fc1.weight'];
  const second = model.buffers?.['fc2.weight'];
  const others = Object.keys(model.weights).filter((name) => name !== 'fc1.weight');
  if (!first || !second || first.rank !== 2 || second.shape[1] !== 1 || others.length > 0 || model.numClasses !== 2)
    throw new AdvrobError(
      'ADVROB_ANALYSIS',
      `the theory of subspaces holds for two classes and two layers without biases and with a fixed second layer, got weights ${Object.keys(
        model.weights,
      ).join(
        ', ',
      )}: make the model by twoLayer({ bias: false, secondLayer: 'fixed' }), or measure it by the analysis 'orthogonal-robustness'`,
    );
  return { first, second, width: first.shape[1]!, inputs: first.shape[0]! };
}

/**
 * k(x), how many neurons are active at each point, i.e. have w_j . x > 0: [n] of x [n, ...]. The
 * result is the caller's.
 */
export function activeNeurons({ first, inputs }: TheoryNetwork, x: Tensor): Tensor {
  return tf.tidy(() => {
    const rows = tf.reshape(x, [-1, inputs]) as Tensor2D;
    const isActive = tf.greater(tf.matMul(rows, first as unknown as Tensor2D), 0);
    return tf.sum(tf.cast(isActive, 'float32'), 1);
  });
}

/**
 * Largest entry of |w^M - factor w_0^M| over all neurons: how far the components of the first layer
 * orthogonal to P are from where P1 (factor 1) or P6 (factor {@link shrinkage}) says they must be.
 * Exactly 0 for P1 where P is spanned by axes.
 *
 * @param first w [d, m], as trained. @param initial w_0 [d, m]. Both stay the caller's.
 */
export async function frozenChange(first: Tensor, initial: Tensor, subspace: Subspace, factor = 1): Promise<number> {
  const largest = tf.tidy(() => {
    const away = (weights: Tensor): Tensor => projectAway(subspace, tf.transpose(weights));
    return tf.max(tf.abs(tf.sub(away(first), tf.mul(away(initial), factor))));
  });
  try {
    return (await largest.data())[0]!;
  } finally {
    largest.dispose();
  }
}

/**
 * z = -y0 sum_j u_j w_j^M, of unit length: one direction in M that lowers y0 N at about every point
 * of class y0, because about the same share of every neuron's sign is active there. Known before
 * training (P1).
 *
 * @param label 0 for y0 = -1, 1 for y0 = +1.
 * @returns [1, d], the caller's.
 */
export function theoryDirection({ first, second }: TheoryNetwork, subspace: Subspace, label: 0 | 1): Tensor {
  return tf.tidy(() => {
    const sum = tf.transpose(tf.matMul(first as unknown as tf.Tensor2D, second as unknown as tf.Tensor2D));
    const away = tf.mul(projectAway(subspace, sum), label === 1 ? -1 : 1);
    return unit('l2', away);
  });
}
