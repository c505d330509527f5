import { defineAnalysis } from '@advrob/core';
import type { Table } from '@advrob/core/figure';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

/**
 * Mean confidence where the model is right and where it is wrong. Replace this with your question: an analysis takes models in the roles that it names, and gives plain
 * JSON, of which a report shows `findings`, `tables`, `figures` and `galleries`.
 */
export const __identifier__ = defineAnalysis({
  name: '__name__',
  summary: 'Mean confidence where the model is right and where it is wrong.',
  roles: ['model'],
  options: z.strictObject({ batchSize: z.int().min(1).default(100) }),
  async analyze({ models: { model }, data, signal }, { batchSize }) {
    const sums = { right: 0, wrong: 0 };
    const counts = { right: 0, wrong: 0 };
    for await (const { x, y } of data.batches({ size: batchSize })) {
      signal?.throwIfAborted();
      const probabilities = tf.tidy(() => tf.softmax(model.logits(x)));
      const [confidence, predicted] = tf.tidy(() => [tf.max(probabilities, 1), tf.argMax(probabilities, 1)]) as [
        tf.Tensor,
        tf.Tensor,
      ];
      const [sure, classes, labels] = await Promise.all([confidence.data(), predicted.data(), y.data()]);
      tf.dispose([x, y, probabilities, confidence, predicted]);
      for (const [i, label] of labels.entries()) {
        const kind = classes[i] === label ? 'right' : 'wrong';
        sums[kind] += sure[i] ?? 0;
        counts[kind] += 1;
      }
    }
    const rows = (['right', 'wrong'] as const).map((kind) => ({
      kind,
      examples: counts[kind],
      confidence: counts[kind] === 0 ? null : sums[kind] / counts[kind],
    }));
    const table: Table = {
      id: '__name__',
      title: 'Mean confidence',
      columns: { kind: 'The model is', examples: 'Examples', confidence: 'Mean confidence' },
      rows,
    };
    return { rows, tables: [table] };
  },
});
