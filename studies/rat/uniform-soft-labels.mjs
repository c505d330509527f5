import * as tf from '@tensorflow/tfjs-core';
import { klLoss, meanCrossEntropy, meanKlDivergence } from '../../packages/core/dist/losses.js';
import { softTargets } from '../../packages/trainers-randomized/dist/index.js';

/**
 * RAT whose soft labels give the other classes equal parts instead of the statistics of the last layer: label smoothing on TRADES with the weight that the
 * Taylor terms have there. What RAT does beyond it is the method's own.
 */
export function uniformSoftLabels({ beta, alpha }) {
  const weight = 1.5 * alpha; // alpha of the first term and alpha / 2 of the second, equal here
  return {
    prepare: async (batch, { maximize }) => ({
      x: batch.x,
      y: batch.y,
      adversarial: await maximize(batch, { loss: klLoss }),
    }),
    loss({ x, adversarial, y }, model, how) {
      const [clean, robust] = [model.logits(x, how), model.logits(adversarial, how)];
      const classes = clean.shape[1];
      const targets = tf.gather(softTargets(tf.zeros([classes]), 1 - 2 / classes), y);
      const cross = (logits) => tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1)));
      const soft = tf.mul(tf.add(cross(clean), cross(robust)), 0.5);
      const ce = meanCrossEntropy(clean, y);
      const kl = meanKlDivergence(clean, robust);
      return {
        total: tf.addN([tf.mul(ce, 1 - alpha), tf.mul(soft, weight), tf.mul(kl, beta)]),
        terms: { ce, kl, soft },
      };
    },
  };
}
