import type { Batch, Classifier, Progress } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { keepAdversarial } from './keep-adversarial.js';
import type { AttackOutcome } from './outcome.js';
import type { Run } from './plan.js';
import { saveAdversarial, type SaveTarget } from './save-adversarial.js';

/** What one attack call of an evaluation needs. */
export interface AttackBatch {
  readonly model: Classifier;
  readonly batch: Batch;
  readonly run: Run;
  /** Which rows of the batch are attacked, ascending. */
  readonly rows: readonly number[];
  readonly seed: number;
  /** Where the batch starts in the data. */
  readonly position: number;
  /** How many first rows of the batch are kept for the report. */
  readonly keep: number;
  /** Where adversarial examples are saved, and under which name; left out: they are not. */
  readonly save?: SaveTarget;
  readonly signal?: AbortSignal;
  onProgress(progress: Progress): void;
}

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
        ...(entry.loss && { loss: entry.loss }),
        ...(signal && { signal }),
        onProgress: (progress) => work.onProgress(progress),
      },
    );
    adversarial = result.adversarial;
    return {
      rows: [...rows],
      success: Array.from(result.success, (hit) => (hit ? 1 : 0)),
      prediction: Array.from(result.prediction),
      fooledBy: result.fooledBy.map((name) => (name === entry.attack.name ? label : name)),
      distance: Array.from(result.distance),
      queries: Array.from(result.queries),
      unconfirmed: result.unconfirmed,
      kept: run.isSampled ? await keepAdversarial(work, x, y, result) : [],
      ...(entry.attack.definition.budget === 'minimal' && {
        closest: Array.from(result.closest, (distance) => (Number.isFinite(distance) ? distance : null)),
      }),
      ...(work.save && { saved: await saveAdversarial(work, work.save, x, y, result) }),
    };
  } finally {
    tf.dispose([x, y]);
    adversarial?.dispose();
  }
}

/** Copies of the wanted rows. */
function selectRows({ x, y }: Batch, rows: readonly number[]): [x: tf.Tensor, y: tf.Tensor] {
  if (rows.length === x.shape[0]) return [tf.clone(x), tf.clone(y)];
  const indices = tf.tensor1d([...rows], 'int32');
  try {
    return [tf.gather(x, indices), tf.gather(y, indices)];
  } finally {
    indices.dispose();
  }
}
