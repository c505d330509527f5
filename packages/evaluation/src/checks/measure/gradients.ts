import type { Classifier } from '@advrob/core';
import { crossEntropy, margin } from '@advrob/core/losses';
import { createRowRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { errorLogOdds, type DrawnBatch } from './shared.js';

/** What gradients and the surroundings of a batch show; counts are of the rows asked for. */
export type Gradients = {
  readonly rows: number;
  /** Unusable gradients of cross-entropy. */
  readonly unusable: number;
  /** Unusable gradients of the margin of the logits. */
  readonly unusableMargin: number;
  /**
   * Sum over rows of the mean relative change of cross-entropy under tiny random changes, each at
   * most 1.
   */
  readonly instability: number;
};

/**
 * Below this, relative to the input range, the products of a backward pass come near the smallest
 * float32 (1.2e-38) and are rounded to zero.
 */
const smallest = 1e-30;
/** Random changes per example. */
const changes = 8;
/** Their size, relative to the input range. */
const radius = 1e-3;

export async function measureGradients(
  model: Classifier,
  batch: DrawnBatch,
  rows: readonly number[],
  seed: number,
): Promise<Gradients> {
  if (rows.length === 0) return { rows: 0, unusable: 0, unusableMargin: 0, instability: 0 };
  const { y, labels } = batch;
  return {
    rows: rows.length,
    unusable: await countUnusable(model, batch, rows, (logits) => crossEntropy(logits, y)),
    unusableMargin: await countUnusable(model, batch, rows, (logits) => margin(logits, y)),
    instability: await instability(model, batch, rows, labels, seed),
  };
}

async function countUnusable(
  model: Classifier,
  { x }: DrawnBatch,
  rows: readonly number[],
  loss: (logits: Tensor) => Tensor,
): Promise<number> {
  const [low, high] = model.bounds;
  const largest = tf.tidy(() => {
    const gradient = inputGradient(x, (input) => tf.sum(loss(model.logits(input))));
    // A maximum may pass over NaN; a sum of what is not finite does not.
    const flat = tf.reshape(gradient, [x.shape[0]!, -1]);
    return tf.stack([tf.max(tf.abs(flat), 1), tf.sum(tf.mul(flat, 0), 1)]);
  });
  try {
    const values = await largest.data();
    const count = x.shape[0]!;
    return rows.filter((row) => !(values[row]! * (high - low) > smallest) || values[count + row] !== 0).length;
  } finally {
    largest.dispose();
  }
}

/** Zero where the loss does not depend on the input. */
function inputGradient(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const allowNoGradients = true;
  return tf.engine().gradients(() => f(x), [x], undefined, allowNoGradients).grads[0] ?? tf.zerosLike(x);
}

/**
 * After I2 of Pintor et al. 2022: the relative change of the loss around the example, with each
 * term cut off at 1.
 */
async function instability(
  model: Classifier,
  { x, ids }: DrawnBatch,
  rows: readonly number[],
  labels: readonly number[],
  seed: number,
): Promise<number> {
  const [low, high] = model.bounds;
  const at = async (input: Tensor): Promise<number[]> => {
    const logits = tf.tidy(() => model.logits(input));
    try {
      const values = await logits.data();
      return rows.map((row) => errorLogOdds(values, row, model.numClasses, labels[row]!));
    } finally {
      logits.dispose();
    }
  };
  const clean = await at(x);
  let sum = 0;
  for (let change = 0; change < changes; change++) {
    const rng = createRowRandom({ seed, ids, counter: () => change });
    const near = tf.tidy(() => {
      const size = radius * (high - low);
      return tf.clipByValue(tf.add(x, rng.uniform('surroundings', x.shape.slice(1), -size, size)), low, high);
    });
    const moved = await at(near).finally(() => near.dispose());
    moved.forEach((odds, i) => (sum += Math.min(1, Math.abs(relativeLoss(odds, clean[i]!)))));
  }
  return sum / changes;
}

/**
 * `CE(a) / CE(b) - 1` for cross-entropies `log(1 + exp(.))` of log odds, exact also where they are
 * too small for a number.
 */
function relativeLoss(a: number, b: number): number {
  const isTiny = a < -30 && b < -30;
  return isTiny ? Math.expm1(a - b) : softplus(a) / softplus(b) - 1;
}

function softplus(value: number): number {
  return Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)));
}
