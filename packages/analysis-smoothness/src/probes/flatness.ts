import { AdvrobError, settle } from '@advrob/core';
import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { crossEntropy } from '@advrob/core/losses';
import { dualLengths, unit } from '@advrob/core/rows';
import type { ProbeExamples } from './examples.js';
import { lossGradient, meanLoss } from './loss-gradient.js';
import { atWeights } from './weight-vector.js';

/** F3 at one gamma. */
export type AwpIncrease = { readonly gamma: number; readonly increase: number };

/**
 * F3: how much the loss rises when the weights move along the direction of adversarial weight
 * perturbation, per kernel gamma ||w|| g / ||g||; biases and batch norm stay (Wu, Xia, Wang 2020,
 * https://arxiv.org/abs/2004.05884, eq. 8 to 10). Examples are frozen; in `eval` mode; the weights
 * come back as they were.
 *
 * @param inputs As {@link attacked} gives them.
 * @throws AdvrobError `ADVROB_OPTION` for a gamma that is not above 0.
 */
export async function awpFlatness(
  model: Classifier,
  examples: ProbeExamples,
  inputs: readonly Tensor[],
  gammas: readonly number[] = [0.005, 0.01],
): Promise<AwpIncrease[]> {
  if (!gammas.every((gamma) => gamma > 0))
    throw new AdvrobError('ADVROB_OPTION', `awpFlatness: expected every gamma above 0, got ${gammas.join(', ')}`);
  const here = await meanLoss(model, examples, inputs);
  const gradient = await lossGradient(model, examples, inputs);
  try {
    const found: AwpIncrease[] = [];
    for (const gamma of gammas) {
      const change = (name: string, weight: Tensor): Tensor | undefined => {
        if (weight.rank < 2) return undefined;
        const direction = unit('l2', tf.reshape(gradient[name]!, [1, -1]));
        return tf.mul(tf.reshape(direction, weight.shape), tf.mul(gamma, tf.norm(weight)));
      };
      const there = await atWeights(model, change, () => meanLoss(model, examples, inputs));
      found.push({ gamma, increase: there - here });
    }
    return found;
  } finally {
    tf.dispose(gradient);
  }
}

/**
 * K4: mean norm of the gradient of the cross-entropy in the inputs. Small values mean a loss that
 * is flat in the input space.
 */
export type InputFlatness = { readonly l2: number; readonly l1: number };

/** Measures K4 at fixed inputs, as {@link attacked} gives them. In `eval` mode. */
export async function inputFlatness(
  model: Classifier,
  { batches, count }: ProbeExamples,
  inputs: readonly Tensor[],
): Promise<InputFlatness> {
  const sums = { l2: 0, l1: 0 };
  for (const [i, { y }] of batches.entries()) {
    const norms = tf.tidy(() => {
      const gradient = tf.grad((points: Tensor) => tf.sum(crossEntropy(model.logits(points), y)))(inputs[i]!);
      return tf.stack([tf.sum(dualLengths('l2', gradient)), tf.sum(tf.abs(gradient))]);
    });
    await settle(norms);
    const [l2, l1] = Array.from(await norms.data()) as [number, number];
    norms.dispose();
    sums.l2 += l2 / count;
    sums.l1 += l1 / count;
  }
  return sums;
}
