import { defineObjective, defineTrainer } from '@advrob/core';
import { crossEntropy, klDivergence, withoutGradient } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { sgd } from '../parts/sgd.js';
import { secondPass } from '../random.js';
import { sgdShape } from './shared.js';

const martOptions = z.strictObject({
  lambda: z.number().min(0).default(5).describe('weight of the divergence; 5 for ResNet-18, 6 for WideResNet'),
});

/**
 * MART (Wang et al. 2020, https://openreview.net/forum?id=rklOg6EFwS, equation 11), with two
 * constants of the official code. With a = p(x), b = p(x'): boosted cross-entropy
 * `-log b_y - log(1.0001 - max_{k != y} b_k + 1e-12)` plus `lambda * (1.0000001 - a_y) * KL(a || b)`,
 * means over the batch. The gradient flows through a_y too. The code's third constant, 1e-12 inside
 * the divergence, is left out: it stops the gradient of confident rows. The attack ascends
 * cross-entropy.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { mart } from '@advrob/training';
 * const objective = mart({ lambda: 6 });
 * ```
 */
export const mart = defineObjective({
  name: 'mart',
  summary: 'MART: boosted adversarial cross-entropy, and a divergence weighted by the clean error.',
  paper:
    'Wang et al. 2020, Improving Adversarial Robustness Requires Revisiting Misclassified Examples, https://openreview.net/forum?id=rklOg6EFwS',
  options: martOptions,
  create: ({ lambda }) => ({
    prepare: async (batch, { maximize }) => ({ x: batch.x, adversarial: await maximize(batch), y: batch.y }),
    loss({ x, adversarial, y }, model, how) {
      const clean = model.logits(x, how);
      const moved = model.logits(adversarial, secondPass(how));
      const isLabel = tf.cast(tf.oneHot(y as Tensor1D, model.numClasses), 'float32');
      const a = tf.softmax(clean);
      const b = tf.softmax(moved);

      const rival = tf.sum(tf.mul(b, strongestOther(b, isLabel)), 1);
      const boost = tf.log(tf.add(tf.sub(1.0001, rival), 1e-12));
      const bce = tf.mean(tf.sub(crossEntropy(moved, y), boost));

      const weight = tf.sub(1.0000001, tf.sum(tf.mul(a, isLabel), 1));
      const kl = tf.mean(tf.mul(klDivergence(clean, moved), weight));
      return { total: tf.add(bce, tf.mul(lambda, kl)), terms: { bce, kl } };
    },
  }),
});

/** One-hot [n, K] of the most probable class beside the label: exactly one, also among equals. */
function strongestOther(probabilities: Tensor, isLabel: Tensor): Tensor {
  return withoutGradient(probabilities, (p) =>
    tf.cast(tf.oneHot(tf.argMax(tf.sub(p, tf.mul(isLabel, 2)), 1) as Tensor1D, p.shape[1]!), 'float32'),
  );
}

/**
 * MART with the SGD of its official code for ResNet-18 on CIFAR-10: lambda 5, momentum 0.9, weight
 * decay 3.5e-3; a learning rate of 0.01 that falls tenfold at 75, 90 and 100 of 120 passes, in a
 * longer or shorter run at the same fractions of it. For WideResNet: lambda 6, weight decay 7e-4,
 * learning rate 0.1.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit, martTrainer } from '@advrob/training';
 * await fit({
 *   model, data, ...martTrainer(), attack, threat: { norm: 'linf', epsilon: 8 / 255 }, epochs: 120,
 * });
 * ```
 */
export const martTrainer = defineTrainer({
  name: 'mart',
  summary: 'MART with the SGD of its code.',
  paper:
    'Wang et al. 2020, Improving Adversarial Robustness Requires Revisiting Misclassified Examples, https://openreview.net/forum?id=rklOg6EFwS',
  options: z.strictObject({ ...martOptions.shape, ...sgdShape(3.5e-3) }),
  create: ({ momentum, weightDecay, ...own }) => ({
    objective: mart(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.01,
    schedule: { name: 'step', at: [75 / 120, 90 / 120, 100 / 120], unit: 'run' },
  }),
});
