import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { runOn, successOf, withProblem, type SubjectCheck } from './subject.js';

/** What counts as labels. */
export const labelForms: Readonly<Record<string, SubjectCheck>> = {
  'takes predictions as labels, and refuses labels that are no classes': (subject) =>
    withProblem(subject, async (problem) => {
      const { model, x, y, labels, mislabelled } = problem;
      const predicted = tf.tidy(() => tf.argMax(model.logits(x), 1));
      const wrong = {
        'class 5 of example 1': tf.tensor1d(
          [...labels].map((label, i) => (i === 1 ? 5 : label)),
          'int32',
        ),
        'class -1 of example 1': tf.tensor1d(
          [...labels].map((label, i) => (i === 1 ? -1 : label)),
          'int32',
        ),
        'class indices [16] or one-hot rows [16, 5]': tf.ones([16, 1]),
        'expected 16 class indices': tf.slice(y, [0], [15]),
      };
      try {
        const { success: own } = await subject.usual();
        const forPredictions = await successOf(runOn(subject, { ...problem, y: predicted }));
        const others = (flags: number[]): number[] => flags.filter((_, i) => i !== mislabelled);
        const changed = others(forPredictions).filter((hit, i) => hit !== others(own)[i]).length;
        // On ONNX Runtime one more row under attack may turn a last bit.
        expect(changed).toBeLessThanOrEqual(subject.isExact ? 0 : 1);
        for (const [message, given] of Object.entries(wrong))
          await expect(runOn(subject, { ...problem, y: given })).rejects.toMatchObject({
            code: 'ADVROB_LABEL',
            message: expect.stringContaining(message) as string,
          });
      } finally {
        tf.dispose([predicted, wrong]);
      }
    }),
};
