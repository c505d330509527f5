import type { Classifier, Dataset, Extras } from '@advrob/core';
import { logitMatrix } from '../logit-matrix.js';
import { logitBatches, type LogitBatch } from './logit-batches.js';
import type { CollectOptions } from './options.js';

/**
 * The logits of a model for every example, in data-set order: what manipulations and comparisons of two models work on. For statistics alone
 * `logitStatistics` needs constant memory.
 *
 * @throws AdvrobError `ADVROB_DATA_EMPTY`, `ADVROB_SHAPE`, `ADVROB_BOUNDS`, `ADVROB_LABEL` when model and data do not fit, `ADVROB_NOT_FINITE` and
 *   `ADVROB_PROBABILITIES` for outputs that are no logits, `ADVROB_ATTACK_MISSING` for an attack without a threat, `ADVROB_ABORTED` on request.
 * @example
 * ```ts
 * import { collectLogits } from '@advrob/analysis-logits';
 * const { logits, labels } = await collectLogits(model, data.take(1000));
 * ```
 */
export async function collectLogits<E extends Extras>(
  model: Classifier,
  data: Dataset<E>,
  options: CollectOptions = {},
): Promise<LogitBatch> {
  const values = new Float32Array(data.length * model.numClasses);
  const labels = new Int32Array(data.length);
  const ids = new Int32Array(data.length);
  let row = 0;
  for await (const batch of logitBatches(model, data, options)) {
    values.set(batch.logits.values, row * model.numClasses);
    labels.set(batch.labels, row);
    ids.set(batch.ids, row);
    row += batch.labels.length;
  }
  return { logits: logitMatrix(values, model.numClasses), labels, ids };
}
