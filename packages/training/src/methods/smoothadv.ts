import { AdvrobError, defineObjective, type Classifier } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { repeatRows } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';

const smoothadvOptions = z.strictObject({
  sigma: z
    .number()
    .positive()
    .default(0.25)
    .describe("standard deviation of the noise in the model's units; 0.12 to 1 on CIFAR"),
  samples: z.int().min(1).default(4).describe('m: noise vectors for each example; 1 to 8 in the paper'),
  trainOn: z.enum(['all', 'first']).default('all').describe('noise vectors of each example that the loss sees'),
});

/**
 * SmoothAdv, adversarial training of a smoothed classifier (Salman et al. 2019,
 * https://arxiv.org/abs/1906.04584, algorithm 1): the attack, PGD in L2 in the paper, ascends
 * `-log mean_s p_y(x' + sigma N_s)` with the same noise in all its steps, each from the last
 * iterate, and the loss is the cross-entropy of x' + sigma N_s. The official code trains on the
 * first noise vector (`trainOn: 'first'`) and with several takes a step for each part of a batch.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, smoothadv } from '@advrob/training';
 * import { pgd } from '@advrob/attacks';
 * await fit({
 *   model, data, objective: smoothadv({ sigma: 0.5 }), attack: pgd({ steps: 10 }),
 *   threat: { norm: 'l2', epsilon: 1 }, epochs: 5,
 * });
 * ```
 */
export const smoothadv = defineObjective({
  name: 'smoothadv',
  summary: 'SmoothAdv: adversarial training of a classifier smoothed by Gaussian noise.',
  paper:
    'Salman et al. 2019, Provably Robust Deep Learning via Adversarially Trained Smoothed Classifiers, https://arxiv.org/abs/1906.04584',
  options: smoothadvOptions,
  create: ({ sigma, samples, trainOn }) => ({
    async prepare(batch, { rng, model, maximize }) {
      const [count, ...shape] = batch.x.shape as [number, ...number[]];
      const noise = tf.tidy(() => tf.mul(rng.normal('smoothing', [count * samples, ...shape]), sigma));
      try {
        return { x: await maximize(batch, { model: smoothed(model, noise, samples) }), noise, y: batch.y };
      } catch (error) {
        noise.dispose();
        throw error;
      }
    },
    loss({ x, noise, y }, model, how) {
      if (trainOn === 'first') {
        const [count, ...shape] = x.shape as [number, ...number[]];
        const firsts = tf.slice(tf.reshape(noise, [count, samples, -1]), [0, 0, 0], [-1, 1, -1]);
        const noisy = tf.add(x, tf.reshape(firsts, [count, ...shape]));
        return { total: meanCrossEntropy(model.logits(noisy, how), y) };
      }
      const noisy = tf.add(repeatRows(x, samples), noise);
      return { total: meanCrossEntropy(model.logits(noisy, how), repeatRows(y, samples)) };
    },
  }),
});

/**
 * The model averaged over fixed noise: its logits are `log mean_s softmax(f(x + noise_s))`, so that
 * their cross-entropy is that of the averaged probabilities. Shares the weights.
 *
 * @param noise [n * samples, ...inputShape], the vectors of one example after the other. It takes n
 *   rows, or whole multiples (lanes) of n.
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
