import type { Threat } from '@advrob/core';
import { signOf } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ProbeExamples } from './examples.js';

/**
 * Changes of a perturbation below this share of epsilon count as none: float32 rounding of x +
 * delta.
 */
const rounding = 1e-4;

/**
 * K3: how far the attack moved between two points of the weights, in units of the ball, and the
 * share of input values whose perturbation changed its sign.
 */
export async function displacement(
  { batches, count, size }: ProbeExamples,
  before: readonly Tensor[],
  after: readonly Tensor[],
  { norm, epsilon }: Threat,
): Promise<{ displacement: number; flipped: number }> {
  const reach = norm === 'linf' ? epsilon * Math.sqrt(size) : epsilon;
  const sums = tf.tidy(() => {
    const parts = batches.map(({ x }, i) => {
      const flat = (tensor: Tensor): Tensor => tf.reshape(tf.sub(tensor, x), [x.shape[0]!, -1]);
      const [from, to] = [flat(before[i]!), flat(after[i]!)];
      const lengths = tf.sqrt(tf.sum(tf.square(tf.sub(to, from)), 1));
      const floor = rounding * epsilon;
      const sign = (tensor: Tensor): Tensor =>
        tf.where(tf.greater(tf.abs(tensor), floor), signOf(tensor), tf.zerosLike(tensor));
      return tf.stack([tf.sum(lengths), tf.sum(tf.cast(tf.less(tf.mul(sign(from), sign(to)), 0), 'float32'))]);
    });
    return tf.addN(parts);
  });
  try {
    const [moved, flips] = Array.from(await sums.data()) as [number, number];
    return { displacement: moved / count / reach, flipped: flips / (count * size) };
  } finally {
    sums.dispose();
  }
}
