import { defineCertifier, type Verdict } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

/**
 * Certificates from a Lipschitz constant that the caller knows: where the score of the label leads by more than the
 * constant times epsilon, no point of the ball has another class. Replace this with your method: a certifier says of
 * every example, by itself, whether a point of the ball around it can have another class.
 */
export const __identifier__ = defineCertifier({
  name: '__name__',
  summary: 'Margin over a Lipschitz constant that is known.',
  norms: ['l2'],
  radii: true, // one call finds the radius of every example
  options: z.strictObject({
    lipschitz: z.number().positive().describe('of the difference of any two scores, in L2 of the inputs'),
  }),
  statement: (_, { lipschitz }) => ({
    kind: 'deterministic',
    of: 'model',
    rounding: 'none',
    text: `Holds where the Lipschitz constant of score differences is at most ${lipschitz}, in real arithmetic.`,
  }),
  async certify({ model, x, y, threat }, { lipschitz }) {
    const leads = tf.tidy(() => {
      const logits = model.logits(x);
      const isLabel = tf.oneHot(y as tf.Tensor1D, model.numClasses);
      const own = tf.sum(tf.mul(logits, isLabel), 1);
      const others = tf.max(tf.where(tf.cast(isLabel, 'bool'), tf.fill(logits.shape, -Infinity), logits), 1);
      return tf.sub(own, others);
    });
    const [margins, labels] = [await leads.data(), await y.data()];
    leads.dispose();
    const radius = Float64Array.from(margins, (margin) => Math.max(0, margin / lipschitz));
    return {
      verdicts: Array.from(radius, (each, i): Verdict => {
        if (margins[i]! < 0) return 'falsified';
        return each > threat.epsilon ? 'certified' : 'open';
      }),
      prediction: Int32Array.from(labels),
      radius,
      margin: null,
      counterexamples: null,
      passes: new Float64Array(labels.length).fill(1),
    };
  },
});
