import { AdvrobError, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { repeatRows } from './repeat-rows.js';

/**
 * The model averaged over fixed noise: its logits are `log mean_s softmax(f(x + noise_s))`, so that their cross-entropy is that of the averaged
 * probabilities. Shares the weights.
 *
 * @param noise [n * samples, ...inputShape], the vectors of one example after the other. It takes n rows, or whole multiples (lanes) of n.
 */
export function smoothed(model: Classifier, noise: Tensor, samples: number): Classifier {
  const examples = noise.shape[0]! / samples;
  const { inputShape, numClasses, bounds, weights, buffers } = model;
  return {
    inputShape,
    numClasses,
    bounds,
    weights,
    ...(buffers && { buffers }),
    logits: (x, how) =>
      tf.tidy(() => {
        const rows = x.shape[0]!;
        const lanes = rows / examples;
        if (!Number.isInteger(lanes))
          throw new AdvrobError(
            'ADVROB_SHAPE',
            `the smoothed model has noise for ${examples} examples, it cannot score ${rows} rows`,
          );
        const perRow =
          lanes === 1 ? noise : tf.reshape(repeatRows(grouped(noise, samples), lanes), [-1, ...inputShape]);
        const scores = tf.logSoftmax(model.logits(tf.add(repeatRows(x, samples), perRow), how));
        return tf.sub(tf.logSumExp(tf.reshape(scores, [rows, samples, numClasses]), 1), Math.log(samples));
      }),
  };
}

/** [n * samples, ...] as [n, samples, ...]. */
function grouped(noise: Tensor, samples: number): Tensor {
  const [rows, ...shape] = noise.shape as [number, ...number[]];
  return tf.reshape(noise, [rows / samples, samples, ...shape]);
}
