import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { linearClassifier, objectiveContract } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { __identifier__ } from '../src/__name__.js';

for (const { name, run } of objectiveContract(() => __identifier__())) test(name, run);

test('is the cross-entropy of the clean examples at weight 0, and of the others at weight 1', async () => {
  const model = linearClassifier({ weights: [[1, 0]], bias: [0, 0] });
  const tensors = { x: tf.tensor2d([[1]]), adversarial: tf.tensor2d([[0]]), y: tf.tensor1d([0], 'int32') };
  for (const [weight, expected] of [
    [0, Math.log(1 + Math.exp(-1))],
    [1, Math.log(2)],
  ] as const) {
    const { total, terms } = __identifier__({ weight }).loss(tensors, model, {});
    expect((await total.data())[0]).toBeCloseTo(expected, 6);
    tf.dispose([total, ...Object.values(terms ?? {})]);
  }
  tf.dispose(tensors);
  model.dispose();
});
