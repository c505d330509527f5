import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { projectAway, type Subspace } from '@advrob/datasets';

/**
 * Largest entry of |w^M - factor w_0^M| over all neurons: how far the components of the first layer orthogonal to P are from where P1 (factor 1) or P6
 * (factor {@link shrinkage}) says they must be. Exactly 0 for P1 where P is spanned by axes.
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
