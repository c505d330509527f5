import { AdvrobError } from '@advrob/core';
import type * as tf from '@tensorflow/tfjs-core';

/** @throws AdvrobError `ADVROB_WEIGHTS_NOT_FINITE` when a weight holds NaN or infinity. */
export async function checkFinite(file: string, weights: Readonly<Record<string, tf.Tensor>>): Promise<void> {
  for (const [name, tensor] of Object.entries(weights)) {
    const wrong = (await tensor.data()).find((value: number) => !Number.isFinite(value));
    if (wrong !== undefined)
      throw new AdvrobError(
        'ADVROB_WEIGHTS_NOT_FINITE',
        `${file}: weight '${name}' holds ${wrong}: the training that made it diverged; use an earlier checkpoint`,
      );
  }
}
