import type { AttackResult, Classifier, RunStorage } from '@advrob/core';
import { exactDistances } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import { encodeAdversarial, readAdversarial } from '../record/adversarial.js';
import type { AttackBatch } from './attack-batch.js';
import { classify } from './classify.js';
import type { SavedOutcome } from './outcome.js';
import { quantize } from './quantize.js';

/** Where the adversarial examples of one batch go. */
export interface SaveTarget {
  readonly storage: RunStorage;
  readonly name: string;
}

/**
 * Saves the adversarial examples of a batch (clean errors need none), reads the file back and classifies what it holds: a number that only the attack's own
 * memory confirms is no result. Rounding to 8 bits is judged apart, as it may move a point over the boundary or out of the ball.
 */
export async function saveAdversarial(
  { model, batch, rows, run }: AttackBatch,
  { storage, name }: SaveTarget,
  x: tf.Tensor,
  y: tf.Tensor,
  result: AttackResult,
): Promise<SavedOutcome> {
  const places = rows.flatMap((_, i) => (result.success[i] && result.fooledBy[i] !== 'clean' ? [i] : []));
  if (places.length === 0) return { places, confirmed: [], quantized: [], quantizedDistance: [] };
  const labels = await y.data();
  await storage.write(
    name,
    encodeAdversarial({
      adversarial: rowsOf((await result.adversarial.data()) as Float32Array, places, rows.length),
      inputShape: x.shape.slice(1),
      indices: Int32Array.from(places, (i) => batch.ids[rows[i]!]!),
      labels: Int32Array.from(places, (i) => labels[i]!),
    }),
  );
  const loaded = await readAdversarial(storage, name);
  const rounded = quantize(loaded.adversarial, model.bounds);
  const clean = rowsOf((await x.data()) as Float32Array, places, rows.length);
  return {
    places,
    confirmed: await fooled(model, loaded.adversarial, loaded.labels),
    quantized: await fooled(model, rounded, loaded.labels),
    quantizedDistance: Array.from(exactDistances(run.norm, rounded, clean, places.length)),
  };
}

async function fooled(model: Classifier, values: Float32Array, labels: Int32Array): Promise<(0 | 1)[]> {
  const examples = tf.tensor(values, [labels.length, ...model.inputShape]);
  try {
    const { predictions } = await classify(model, examples);
    return predictions.map((predicted, i) => (predicted === labels[i] ? 0 : 1));
  } finally {
    examples.dispose();
  }
}

/** The wanted ones of `count` rows. */
function rowsOf(values: Float32Array, wanted: readonly number[], count: number): Float32Array {
  const size = values.length / count;
  const part = new Float32Array(wanted.length * size);
  wanted.forEach((row, i) => part.set(values.subarray(row * size, (row + 1) * size), i * size));
  return part;
}
