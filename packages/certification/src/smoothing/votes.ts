import { stopIfAborted, type Classifier } from '@advrob/core';
import { labelsOf } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { rowsAt, type Draws, type Noise } from './noise.js';

/** What votes are counted of. */
export interface Ballot {
  readonly model: Classifier;
  /** [n, ...shape of an example] */
  readonly x: Tensor;
  /** Identity of each example. */
  readonly ids: Int32Array;
  readonly seed: number;
  readonly noise: Noise;
  /** Steps between the bounds that inputs are rounded to under the noise; false for none. */
  readonly quantise: number | false;
  /** Rows of a forward pass. */
  readonly batch: number;
  readonly signal?: AbortSignal | undefined;
}

/** Draws `from` to `to`, exclusive, of the example in row `row`. */
export interface Request {
  readonly row: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The classes that the model gives to draws of examples under noise: one array of counts [K] per
 * request. A draw whose scores hold NaN is a vote for no class. Batches mix examples, and have one
 * shape but for the last, which is filled up to a power of two: memory does not grow with the draws.
 */
export async function countVotes(
  ballot: Ballot,
  stage: Draws['stage'],
  requests: readonly Request[],
): Promise<Int32Array[]> {
  const { model, batch, signal } = ballot;
  const counts = requests.map(() => new Int32Array(model.numClasses));
  let owners: number[] = [];
  let draws: number[] = [];
  const flush = async (): Promise<void> => {
    stopIfAborted(signal);
    const labels = await labelsUnderNoise(
      ballot,
      stage,
      owners.map((owner) => requests[owner]!.row),
      draws,
    );
    owners.forEach((owner, i) => labels[i]! >= 0 && counts[owner]![labels[i]!]!++);
    [owners, draws] = [[], []];
  };
  for (const [owner, { from, to }] of requests.entries())
    for (let draw = from; draw < to; draw++) {
      owners.push(owner);
      draws.push(draw);
      if (owners.length === batch) await flush();
    }
  if (owners.length > 0) await flush();
  return counts;
}

async function labelsUnderNoise(
  { model, x, ids, seed, noise, quantise, batch }: Ballot,
  stage: Draws['stage'],
  rows: readonly number[],
  draws: readonly number[],
): Promise<ArrayLike<number>> {
  const size = Math.min(batch, 2 ** Math.ceil(Math.log2(rows.length)));
  // What fills up repeats the last row; nobody counts it.
  const padded = (values: readonly number[]): Int32Array =>
    Int32Array.from({ length: size }, (_, i) => values[Math.min(i, values.length - 1)]!);
  const places = padded(rows);
  const labels = tf.tidy(() => {
    const clean = rowsAt(x, places);
    const drawn = { seed, stage, ids: places.map((row) => ids[row]!), draws: padded(draws) };
    const noisy = noise.apply(clean, drawn, model);
    return labelsOf(model.logits(quantise === false ? noisy : quantised(noisy, quantise, model.bounds)));
  });
  try {
    return await labels.data();
  } finally {
    labels.dispose();
  }
}

/** Values rounded to multiples of 1/`levels` of the range between the bounds, also outside of them. */
function quantised(values: Tensor, levels: number, [low, high]: readonly [number, number]): Tensor {
  const scale = levels / (high - low);
  return tf.add(tf.div(tf.round(tf.mul(tf.sub(values, low), scale)), scale), low);
}

/** The class with the most votes, of equal ones the first. */
export function mostVoted(counts: Int32Array): number {
  return counts.indexOf(Math.max(...counts));
}
