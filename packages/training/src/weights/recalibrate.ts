import { settle, type Classifier, type Dataset, type Extras } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

export interface RecalibrateOptions {
  /** Default 128. */
  readonly batchSize?: number | undefined;
  /** Batches to use, in data-set order; default all. */
  readonly batches?: number | undefined;
  /** Of the random numbers of models that draw some beside dropout. Default 0. */
  readonly seed?: number | undefined;
}

/**
 * Large against any statistic, so that the share of the old value in a moving average can be
 * measured to float32 precision.
 */
const probe = 2 ** 20;

/**
 * Estimates the running statistics of batch norm from scratch, as the mean over the batches of one
 * pass in `train` mode, without dropout, weighted by their sizes. Needed after weights were
 * averaged (Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima",
 * https://arxiv.org/abs/1803.05407, section 3.2) or perturbed.
 *
 * Works for any model whose buffers are moving averages, `new = (1 - m) * old + m * statistic`; `m`
 * is measured on the first batch. Buffers that `train` mode leaves alone, or that only count, keep
 * their values. A model without buffers is left as it is.
 */
export async function recalibrate<E extends Extras>(
  model: Classifier,
  data: Dataset<E>,
  options: RecalibrateOptions = {},
): Promise<void> {
  const buffers = Object.values(model.buffers ?? {});
  if (buffers.length === 0) return;
  const random = createRandom({ seed: options.seed ?? 0 });
  const own: Tensor[] = [];
  const keep = (tensors: Tensor[]): Tensor[] => {
    own.push(...tensors);
    return tensors;
  };
  const original = keep(buffers.map((buffer) => tf.clone(buffer as Tensor)));
  let shares: Tensor[] | undefined;
  let sums: Tensor[] | undefined;
  let examples = 0;
  let done = false;

  /** What a pass in `train` mode leaves in the buffers when they start from `value`. */
  const pass = (x: Tensor, value: number, step: number): Tensor[] => {
    for (const buffer of buffers) tf.tidy(() => buffer.assign(tf.fill(buffer.shape, value, buffer.dtype)));
    tf.dispose(model.logits(x, { mode: 'train', rng: random.at(step), dropout: false }));
    return buffers.map((buffer) => tf.clone(buffer as Tensor));
  };

  try {
    let step = 0;
    for await (const { x, y, extras } of data.batches({ size: options.batchSize ?? 128 })) {
      let moved: Tensor[] = [];
      try {
        moved = pass(x, 0, step);
        shares ??= keep(shareOfBatch(moved, keep(pass(x, probe, step))));
        const next = moved.map((value, i) => weighted(value, x.shape[0]!, sums?.[i]));
        tf.dispose(sums);
        sums = next;
        examples += x.shape[0]!;
        await settle(...sums);
      } finally {
        tf.dispose([x, y, extras, moved]);
      }
      step += 1;
      if (step === options.batches) break;
    }
    buffers.forEach((buffer, i) => {
      if (sums && shares) assignMean(buffer, sums[i]!, examples, shares[i]!, original[i]!);
    });
    await settle(...buffers);
    done = true;
  } finally {
    if (!done) buffers.forEach((buffer, i) => buffer.assign(original[i]!));
    tf.dispose([own, sums]);
  }
}

/**
 * The `m` of each buffer: a pass that starts from `probe` instead of 0 ends `(1 - m) * probe`
 * higher.
 */
function shareOfBatch(fromZero: readonly Tensor[], fromProbe: readonly Tensor[]): Tensor[] {
  return fromZero.map((low, i) => tf.tidy(() => tf.sub(1, tf.div(tf.sub(fromProbe[i]!, low), probe))));
}

function weighted(moved: Tensor, count: number, sum: Tensor | undefined): Tensor {
  return tf.tidy(() => {
    const term = tf.mul(tf.cast(moved, 'float32'), count);
    return sum ? tf.add(sum, term) : term;
  });
}

/**
 * From zero a pass leaves `share * statistic`; where the share is nil the buffer is no moving
 * average.
 */
function assignMean(buffer: tf.Variable, sum: Tensor, examples: number, share: Tensor, original: Tensor): void {
  tf.tidy(() => {
    const isAverage = tf.greater(share, 1e-6);
    const mean = tf.div(tf.div(sum, examples), tf.where(isAverage, share, tf.onesLike(share)));
    buffer.assign(tf.cast(tf.where(isAverage, mean, tf.cast(original, 'float32')), buffer.dtype) as Tensor);
  });
}
