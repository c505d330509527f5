import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The same values without their history: no gradient flows through the result, and nothing is
 * computed for it in the backward pass. Shares the data; the result is the caller's to dispose (or
 * its `tf.tidy`'s).
 *
 * @example
 * ```ts
 * import { detach } from '@advrob/training';
 * const target = detach(tf.softmax(model.logits(x))); // a constant, as `.detach()` in PyTorch
 * ```
 */
export function detach<T extends Tensor>(tensor: T): T {
  // A tensor object that no kernel made is unknown to the gradient tape.
  const { dataId, shape, dtype } = tensor;
  tf.backend().incRef(dataId);
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype }) as T;
}
