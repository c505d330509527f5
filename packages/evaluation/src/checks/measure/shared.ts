import { AdvrobError, type Attack, type Classifier, type Dataset, type Norm } from '@advrob/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Examples that are looked at together. */
export interface DrawnBatch {
  /** [n, ...inputShape] */
  readonly x: Tensor;
  /** [n], int32 */
  readonly y: Tensor;
  readonly labels: readonly number[];
  readonly ids: Int32Array;
}

/** One attack at one radius. */
export interface AttackCall {
  readonly model: Classifier;
  readonly attack: Attack;
  readonly threat: { readonly norm: Norm; readonly epsilon: number };
  readonly seed: number;
  readonly restarts?: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Told of every step. */
  readonly onProgress?: (() => void) | undefined;
}

/** The first `count` examples. The tensors are the caller's to dispose. */
export async function drawBatches(data: Dataset, count: number, size: number): Promise<DrawnBatch[]> {
  if (data.length === 0) throw new AdvrobError('ADVROB_DATA_EMPTY', `data set '${data.name}' has no examples`);
  const drawn: DrawnBatch[] = [];
  for await (const { x, y, ids, extras } of data.take(count).batches({ size })) {
    Object.values(extras).forEach((tensor) => (tensor as Tensor).dispose());
    drawn.push({ x, y, ids, labels: Array.from(await y.data()) });
  }
  return drawn;
}

/**
 * The logarithm of the odds of an error, in nats: `log sum_{k != y} exp(z_k) - z_y`. Above 0 where
 * an error is the likelier, and higher the less sure the model is of the label: ordered as
 * cross-entropy (which is `log(1 + exp(.))` of it), but never rounded to zero.
 */
export function errorLogOdds(logits: ArrayLike<number>, row: number, classes: number, label: number): number {
  const start = row * classes;
  let largest = -Infinity;
  for (let k = 0; k < classes; k++) if (k !== label) largest = Math.max(largest, logits[start + k]!);
  let sum = 0;
  for (let k = 0; k < classes; k++) if (k !== label) sum += Math.exp(logits[start + k]! - largest);
  return largest + Math.log(sum) - logits[start + label]!;
}

/** The class with the largest logit, of equals the first. */
export function predictedClass(logits: ArrayLike<number>, row: number, classes: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) if (logits[row * classes + k]! > logits[row * classes + best]!) best = k;
  return best;
}
