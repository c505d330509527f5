import * as tf from '@tensorflow/tfjs-core';

/**
 * On a lazy backend runs what was recorded for these tensors, so that the graph does not grow;
 * elsewhere it does nothing. Values are not read back.
 */
export async function settle(...tensors: tf.Tensor[]): Promise<void> {
  const backend = tf.backend() as { flush?: (tensors: tf.Tensor[]) => void | Promise<void> };
  await backend.flush?.(tensors);
}
