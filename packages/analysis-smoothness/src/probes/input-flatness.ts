import { settle, type Classifier } from '@advrob/core';
import { crossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ProbeExamples } from './examples.js';

/** K4: mean norm of the gradient of the cross-entropy in the inputs. Small values mean a loss that is flat in the input space. */
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
      const rows = tf.reshape(gradient, [gradient.shape[0]!, -1]);
      return tf.stack([tf.sum(tf.sqrt(tf.sum(tf.square(rows), 1))), tf.sum(tf.abs(rows))]);
    });
    await settle(norms);
    const [l2, l1] = Array.from(await norms.data()) as [number, number];
    norms.dispose();
    sums.l2 += l2 / count;
    sums.l1 += l1 / count;
  }
  return sums;
}
