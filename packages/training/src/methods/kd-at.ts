import type { Classifier, Objective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { distillationLoss } from './kd.js';

/** Two teachers, and what each term weighs; the defaults are those of the official code. */
export interface KdAtOptions {
  /** Trained without adversarial examples. Stays the caller's. */
  readonly standard: Classifier;
  /** Trained with them. Stays the caller's. */
  readonly robust: Classifier;
  /** Weight of the label. Default 0.3. */
  readonly ceWeight?: number | undefined;
  /** Default 0.1. */
  readonly standardWeight?: number | undefined;
  /** Default 0.6. */
  readonly robustWeight?: number | undefined;
  /** Default 2. */
  readonly temperature?: number | undefined;
}

/**
 * Adversarial training with two teachers, against robust overfitting (Chen et al. 2021,
 * https://openreview.net/forum?id=qZzy5urZw9): `0.3 * CE + 0.1 * KD(standard teacher) + 0.6 *
 * KD(robust teacher)`, all at the adversarial example, temperature 2. The paper adds SWA (`swa`).
 *
 * The teachers are models, so this objective has no name in a config file. The official code has
 * soft cross-entropy where this has the divergence: they differ by the teacher's entropy, the
 * gradients are equal.
 *
 * @example
 * ```ts
 * import { fit, kdAt, swa } from '@advrob/training';
 * await fit({
 *   model, data, objective: kdAt({ standard, robust }), averager: swa({ start: 5 }), attack,
 *   threat, epochs: 20,
 * });
 * ```
 */
export function kdAt(options: KdAtOptions): Objective<Readonly<Record<'x' | 'y' | 'standard' | 'robust', Tensor>>> {
  const { standard, robust, ceWeight = 0.3, standardWeight = 0.1, robustWeight = 0.6, temperature = 2 } = options;
  return {
    origin: { name: 'kd-at', options: { ceWeight, standardWeight, robustWeight, temperature } },
    async prepare(batch, { maximize }) {
      const x = await maximize(batch);
      return { x, y: batch.y, standard: standard.logits(x), robust: robust.logits(x) };
    },
    loss(values, model, how) {
      const student = model.logits(values.x, how);
      const ce = meanCrossEntropy(student, values.y);
      const kdStandard = distillationLoss(values.standard, student, temperature);
      const kdRobust = distillationLoss(values.robust, student, temperature);
      const total = tf.addN([
        tf.mul(ce, ceWeight),
        tf.mul(kdStandard, standardWeight),
        tf.mul(kdRobust, robustWeight),
      ] as Tensor[]);
      return { total, terms: { ce, kdStandard, kdRobust } };
    },
  };
}
