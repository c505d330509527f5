import { AdvrobError, giveWay, settle, stopIfAborted, type Classifier, type Dataset, type Extras } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { logitMatrix, type LogitMatrix } from '../logit-matrix.js';
import { checkSubject } from './check-subject.js';
import type { CollectOptions } from './options.js';

/** Logits of some examples, on the host. */
export interface LogitBatch {
  readonly logits: LogitMatrix;
  readonly labels: Int32Array;
  /** Identities in the whole data set. */
  readonly ids: Int32Array;
}

/**
 * The logits of a model, batch by batch in data-set order, in `eval` mode. No tensor outlives its batch.
 *
 * @throws AdvrobError `ADVROB_DATA_EMPTY`, `ADVROB_SHAPE`, `ADVROB_BOUNDS`, `ADVROB_LABEL` when model and data do not fit, `ADVROB_NOT_FINITE` and
 *   `ADVROB_PROBABILITIES` for outputs that are no logits, `ADVROB_ATTACK_MISSING` for an attack without a threat, `ADVROB_ABORTED` on request.
 */
export async function* logitBatches<E extends Extras>(
  model: Classifier,
  data: Dataset<E>,
  options: CollectOptions = {},
): AsyncGenerator<LogitBatch> {
  const { batchSize = 128, who = 'the model', signal } = options;
  checkSubject(model, data, who);
  if (options.attack && !options.threat)
    throw new AdvrobError('ADVROB_ATTACK_MISSING', 'an attack needs a threat: pass { norm, epsilon } as `threat`');
  for await (const { x, y, ids, extras } of data.batches({ size: batchSize })) {
    let batch: LogitBatch;
    try {
      stopIfAborted(signal);
      const labels = Int32Array.from(await y.data());
      checkLabels(labels, model, data.name);
      const logits = logitMatrix(await logitsAt(model, x, y, ids, options), model.numClasses);
      checkLogits(logits, who);
      batch = { logits, labels, ids };
    } finally {
      tf.dispose([x, y, extras]);
    }
    yield batch;
    await giveWay();
  }
}

async function logitsAt(
  model: Classifier,
  x: Tensor,
  y: Tensor,
  ids: Int32Array,
  { attack, threat, loss, seed = 0, signal, who = 'the model' }: CollectOptions,
): Promise<Float32Array> {
  const how = { seed, ids, ...(loss && { loss }), ...(signal && { signal }) };
  const points = attack && threat ? await attack.maximize(model, x, y, threat, how) : x;
  const logits = tf.tidy(() => model.logits(points));
  try {
    if (logits.shape.join() !== [x.shape[0], model.numClasses].join())
      throw new AdvrobError(
        'ADVROB_SHAPE',
        `${who} gave outputs [${logits.shape.join(', ')}], expected [${x.shape[0]}, ${model.numClasses}]`,
      );
    await settle(logits);
    return Float32Array.from(await logits.data());
  } finally {
    logits.dispose();
    if (points !== x) points.dispose();
  }
}

function checkLabels(labels: Int32Array, { numClasses }: Classifier, name: string): void {
  const wrong = labels.find((label) => label < 0 || label >= numClasses);
  if (wrong !== undefined)
    throw new AdvrobError('ADVROB_LABEL', `label ${wrong} in data set '${name}'; expected 0 to ${numClasses - 1}`);
}

/** Probabilities have gaps and maxima too, but they are not what this package is about. */
function checkLogits({ values, rows, classes }: LogitMatrix, who: string): void {
  if (values.some((value) => value < 0 || value > 1)) return;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += values[row * classes + k]!;
    if (Math.abs(sum - 1) > 1e-4) return;
  }
  throw new AdvrobError(
    'ADVROB_PROBABILITIES',
    `${who} gives probabilities, not logits: every output of ${rows} examples is in [0, 1] and sums to 1. Leave the softmax out, or load it with outputs: 'probabilities'`,
  );
}
