import { AdvrobError, type AttackResult, type Classifier } from '@advrob/core';
import { exactDistances } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import { encodeAdversarial, readAdversarial } from '../record/adversarial.js';
import type { ModelResult } from '../record/model-result.js';
import { classify } from './classify.js';
import type { AttackOutcome, BatchOutcome, SavedOutcome } from './outcome.js';
import type { AttackBatch, Judgement } from './plan.js';

/**
 * Saves the adversarial examples of a batch (clean errors need none), reads the file back and
 * classifies what it holds: a number that only the attack's own memory confirms is no result.
 * Rounding to 8 bits is judged apart, as it may move a point over the boundary or out of the ball.
 */
export async function saveAdversarial(
  { model, batch, rows, run }: AttackBatch,
  { storage, name }: NonNullable<AttackBatch['save']>,
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
  const wrong = loaded.adversarial.find((value) => !Number.isFinite(value));
  if (wrong !== undefined)
    throw new AdvrobError(
      'ADVROB_NOT_FINITE',
      `the saved adversarial examples in ${name} hold ${wrong}: is the file damaged?`,
    );
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

/** Values rounded to the 256 levels that an 8-bit image has between the bounds. */
function quantize(values: Float32Array, [low, high]: readonly [number, number]): Float32Array {
  const scale = 255 / (high - low);
  return values.map((value) => low + Math.round((value - low) * scale) / scale);
}

type Saved = NonNullable<ModelResult['attacks'][number]['points'][number]['saved']>;

/**
 * What became of the saved adversarial examples of one attack at one epsilon; undefined when none
 * were saved. `judged` has one outcome per batch.
 */
export function savedExamples(
  { epsilon }: Judgement,
  judged: readonly AttackOutcome[],
  outcomes: readonly BatchOutcome[],
): Saved | undefined {
  if (outcomes.length === 0 || judged.some(({ saved }) => saved === undefined)) return undefined;
  const counts = { examples: 0, confirmed: 0, quantized: 0, quantizedInside: 0 };
  for (const { saved, success } of judged)
    saved!.places.forEach((place, i) => {
      if (!success[place]) return;
      counts.examples++;
      counts.confirmed += saved!.confirmed[i]!;
      counts.quantized += saved!.quantized[i]!;
      // float32 values of the two points: their distance is known to about 1e-6 of it.
      if (saved!.quantized[i] && saved!.quantizedDistance[i]! <= epsilon * (1 + 1e-6)) counts.quantizedInside++;
    });
  return counts;
}
