import * as tf from '@tensorflow/tfjs-core';

/**
 * `tf.tidy` for results of any object type: keeps the tensors inside the result, frees all others
 * made by `body`.
 */
export function tidy<T extends object>(body: () => T): T {
  return tf.tidy(() => body() as unknown as tf.TensorContainer) as unknown as T;
}
