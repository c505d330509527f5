import type { AttackResult } from '@advrob/core';
import { select } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import { encodeFloats, type ModelResult } from '../record/model-result.js';
import { classify } from './classify.js';
import { lastIterates } from './craft.js';
import { isFooled } from './judge.js';
import type { BatchOutcome, KeptImage } from './outcome.js';
import type { AttackBatch, Plan } from './plan.js';

/**
 * The points that the report shows for the first examples of the data: the adversarial example
 * where the attack found one, else the last point that it tried, so that a robust model is shown
 * under attack too.
 */
export async function keepAdversarial(
  work: AttackBatch,
  x: tf.Tensor,
  y: tf.Tensor,
  result: AttackResult,
): Promise<KeptImage[]> {
  const wanted = work.rows.flatMap((row, i) => (row < work.keep ? [i] : []));
  if (wanted.length === 0) return [];
  const made: tf.Tensor[] = [];
  const own = <T extends tf.Tensor>(tensor: T): T => (made.push(tensor), tensor);
  try {
    const indices = own(tf.tensor1d(wanted, 'int32'));
    const found = own(tf.gather(result.adversarial, indices));
    const success = own(
      tf.tensor1d(
        Uint8Array.from(wanted, (i) => result.success[i]!),
        'bool',
      ),
    );
    const tried = own(await lastTried(work, own(tf.gather(x, indices)), own(tf.gather(y, indices)), wanted, result));
    const shown = own(select(success, found, tried));
    const verdicts = await classify(work.model, shown);
    return await keepImages(
      shown,
      wanted.map((_, i) => i),
      (i) => ({
        position: work.position + work.rows[wanted[i]!]!,
        prediction: verdicts.predictions[i]!,
        confidence: verdicts.confidences[i]!,
      }),
    );
  } finally {
    tf.dispose(made);
  }
}

/**
 * The last points that the attack tried; the clean examples where there is no such thing, or no
 * need.
 */
async function lastTried(
  { run, model, batch, rows, seed, signal }: AttackBatch,
  x: tf.Tensor,
  y: tf.Tensor,
  wanted: readonly number[],
  result: AttackResult,
): Promise<tf.Tensor> {
  const { attack, loss } = run.entry;
  const isNeeded = wanted.some((i) => !result.success[i]);
  const ids = Int32Array.from(wanted, (i) => batch.ids[rows[i]!]!);
  const ball = { norm: run.norm, epsilon: run.epsilon };
  const last = isNeeded ? await lastIterates(attack, model, { x, y, ids }, ball, { seed, loss, signal }) : undefined;
  return last ?? tf.clone(x);
}

/** Reads some rows of `images` [n, ...] back. */
export async function keepImages(
  images: tf.Tensor,
  rows: readonly number[],
  about: (row: number) => Omit<KeptImage, 'image'>,
): Promise<KeptImage[]> {
  if (rows.length === 0) return [];
  const values = (await images.data()) as Float32Array;
  const size = values.length / images.shape[0]!;
  return rows.map((row) => ({ ...about(row), image: encodeFloats(values.subarray(row * size, (row + 1) * size)) }));
}

/** The kept examples, with what each attack made of them. */
export function samplesOf(plan: Plan, outcomes: readonly BatchOutcome[]): ModelResult['samples'] {
  return outcomes.flatMap((outcome) => {
    const clean = outcome.clean!;
    return clean.kept.map((kept, row) => ({
      index: clean.ids[row]!,
      label: clean.labels[row]!,
      clean: withoutPosition(kept),
      attacked: outcome.attacks.flatMap((attack, i) => {
        const { label, norm, epsilon } = plan.runs[i]!;
        const shown = attack.kept.find(({ position }) => position === kept.position);
        return shown
          ? [
              {
                ...withoutPosition(shown),
                attack: label,
                norm,
                epsilon: epsilon === Infinity ? null : epsilon,
                success: isFooled(attack, row),
              },
            ]
          : [];
      }),
    }));
  });
}

function withoutPosition({ position: _, ...shown }: KeptImage): Omit<KeptImage, 'position'> {
  return shown;
}
