import { giveWay, settle, stopIfAborted, type Classifier, type Dataset, type Extras } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

export interface TeacherLogitsOptions {
  /** Default 128. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

/**
 * The logits of a teacher for every example [length, K] in data-set order, computed once in `eval` mode, for `data.withExtras({ teacher })`. The tensor is
 * the caller's and must outlive the training. The logits belong to the clean examples: with augmentations the student would see other inputs than the
 * teacher did.
 *
 * @throws AdvrobError `ADVROB_ABORTED` on request.
 * @example
 * ```ts
 * import { fit, kd, teacherLogits } from '@advrob/training';
 * const teacher = await teacherLogits(robustModel, data);
 * await fit({ model, data: data.withExtras({ teacher }), objective: kd({ temperature: 4 }), epochs: 10 });
 * ```
 */
export async function teacherLogits<E extends Extras>(
  model: Classifier,
  data: Dataset<E>,
  { batchSize = 128, signal }: TeacherLogitsOptions = {},
): Promise<Tensor> {
  const parts: Tensor[] = [];
  try {
    for await (const { x, y, extras } of data.batches({ size: batchSize })) {
      try {
        stopIfAborted(signal);
        const logits = model.logits(x);
        parts.push(logits);
        await settle(logits);
      } finally {
        tf.dispose([x, y, extras]);
      }
      await giveWay();
    }
    const all = tf.concat(parts);
    await settle(all);
    return all;
  } finally {
    tf.dispose(parts);
  }
}
