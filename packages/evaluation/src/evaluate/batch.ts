import { AdvrobError, type Batch, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkResult } from './check-plugins.js';
import { classify } from './classify.js';
import type { AttackOutcome, CleanOutcome } from './outcome.js';
import type { AttackBatch } from './plan.js';
import { selectRows } from './rows.js';
import { keepAdversarial, keepImages } from './samples.js';
import { saveAdversarial } from './saved-examples.js';

/** Runs one attack on the wanted rows of a batch. */
export async function attackBatch(work: AttackBatch): Promise<AttackOutcome> {
  const { model, batch, run, rows, seed, signal } = work;
  if (rows.length === 0)
    return {
      rows: [],
      success: [],
      prediction: [],
      fooledBy: [],
      distance: [],
      queries: [],
      unconfirmed: 0,
      kept: [],
    };
  const { entry, norm, epsilon, label } = run;
  const [x, y] = selectRows(batch, rows);
  let adversarial: tf.Tensor | undefined;
  try {
    const result = await entry.attack.run(
      model,
      x,
      y,
      { norm, epsilon },
      {
        seed,
        ids: Int32Array.from(rows, (row) => batch.ids[row]!),
        restarts: entry.restarts ?? 1,
        loss: entry.loss,
        signal,
        onProgress: (progress) => work.onProgress(progress),
      },
    );
    adversarial = result.adversarial;
    checkResult(label, x, result, entry.attack.definition.budget === 'minimal');
    await work.onResult(x, result);
    return {
      rows: [...rows],
      success: Array.from(result.success, (hit) => (hit ? 1 : 0)),
      prediction: Array.from(result.prediction),
      fooledBy: result.fooledBy.map((name) => (name === entry.attack.name ? label : name)),
      distance: Array.from(result.distance),
      queries: Array.from(result.queries),
      unconfirmed: result.unconfirmed,
      ...(result.notFinite.gradients > 0 && { brokenGradients: result.notFinite.gradients }),
      kept: run.isSampled ? await keepAdversarial(work, x, y, result) : [],
      ...(entry.attack.definition.budget === 'minimal' && {
        closest: Array.from(result.closest, (distance) => (Number.isFinite(distance) ? distance : null)),
      }),
      ...(work.save && { saved: await saveAdversarial(work, work.save, x, y, result) }),
    };
  } finally {
    tf.dispose([x, y]);
    if (adversarial instanceof tf.Tensor && !adversarial.isDisposed) adversarial.dispose();
  }
}

/**
 * Classifies a batch as it is. `keep` is how many of its first examples are kept; `position` where
 * the batch starts in the data.
 */
export async function cleanBatch(
  model: Classifier,
  batch: Batch,
  position: number,
  keep: number,
): Promise<CleanOutcome> {
  const labels = Array.from(await batch.y.data());
  const wrong = labels.find((label) => !(label >= 0 && label < model.numClasses));
  if (wrong !== undefined)
    throw new AdvrobError('ADVROB_LABEL', `label ${wrong} in the data; expected 0 to ${model.numClasses - 1}`);
  const verdicts = await classify(model, batch.x, 'the clean images');
  const rows = labels.slice(0, keep).map((_, row) => row);
  return {
    ids: Array.from(batch.ids),
    labels,
    predictions: verdicts.predictions,
    kept: await keepImages(batch.x, rows, (row) => ({
      position: position + row,
      prediction: verdicts.predictions[row]!,
      confidence: verdicts.confidences[row]!,
    })),
  };
}
