import { AdvrobError, type Batch, type Classifier } from '@advrob/core';
import { classify } from './classify.js';
import { keepImages } from './keep-images.js';
import type { CleanOutcome } from './outcome.js';

/** Classifies a batch as it is. `keep` is how many of its first examples are kept; `position` where the batch starts in the data. */
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
  const verdicts = await classify(model, batch.x);
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
