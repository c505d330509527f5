import { AdvrobError, type Dataset, type Extras } from '@advrob/core';
import { fit, kd, type FitOptions, type FitResult } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LogitMatrix } from '../logit-matrix.js';

/** Options of {@link distill}: those of `fit`, but the loss and the inputs are given. */
export interface DistillOptions<E extends Extras> extends Omit<
  FitOptions,
  'data' | 'objective' | 'attack' | 'threat' | 'augmentations'
> {
  /** What the student sees: clean inputs, no labels. */
  readonly data: Dataset<E>;
  /**
   * The teacher's logits on `data`, in data-set order: from `collectLogits`, perhaps changed by
   * `manipulate`.
   */
  readonly teacher: LogitMatrix;
  /**
   * `kl` (default): `tau^2 * mean KL(softmax(z_T / tau) || softmax(z_S / tau))`; `mse`:
   * `mean ||z_S - z_T||^2 / C`.
   */
  readonly loss?: 'kl' | 'mse' | undefined;
  /** tau of `kl`. Default 1. */
  readonly temperature?: number;
}

/**
 * Trains a student on cached teacher logits: clean inputs, no labels, no perturbations (Hinton et
 * al. 2015, https://arxiv.org/abs/1503.02531; as Seguin et al. 2021,
 * https://arxiv.org/abs/2108.12001, ask what of a robust teacher's logits makes a student robust).
 * The model of the options is trained in place.
 *
 * Augmentations are left out on purpose: the cached logits belong to the clean examples.
 *
 * @throws AdvrobError `ADVROB_SHAPE` when the logits are not of this data and these classes, and
 *   what `fit` throws.
 * @example
 * ```ts
 * import { collectLogits, distill, manipulate } from '@advrob/analysis-logits';
 * const { logits } = await collectLogits(robust, data);
 * await distill({ model: student, data, teacher: manipulate('M3', logits), learningRate: 0.1, epochs: 12 });
 * ```
 */
export async function distill<E extends Extras>(options: DistillOptions<E>): Promise<FitResult> {
  const { data, teacher, loss = 'kl', temperature = 1, ...course } = options;
  if (teacher.rows !== data.length || teacher.classes !== course.model.numClasses)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `expected teacher logits [${data.length}, ${course.model.numClasses}], one row per example of '${data.name}', got [${teacher.rows}, ${teacher.classes}]: ` +
        'collect them on the data that the student is trained on',
    );
  const logits: Tensor = tf.tensor2d(teacher.values, [teacher.rows, teacher.classes]);
  try {
    return await fit({ ...course, data: data.withExtras({ teacher: logits }), objective: kd({ loss, temperature }) });
  } finally {
    logits.dispose();
  }
}
