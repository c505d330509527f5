import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { attackContract, linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { __identifier__ } from '../src/__name__.js';

// For an attack that draws nothing: `differsBySeed: false`, and `random: false` in its definition. For one that follows gradients: `reach: 0.9`, so that it
// must fool every example of a linear model whose boundary is within 0.9 epsilon. Give it few steps: it runs some hundred times.
for (const { name, run } of attackContract(__identifier__(), { differsBySeed: true })) test(name, run);

test('fools a linear model where the radius allows it', async () => {
  const model = linearClassifier({ weights: [[1, -1]], bias: [-1, 1] }); // class 1 where x < 1
  const x = tf.tensor2d([[0.95], [0.2]]);
  const y = tf.tensor1d([1, 1], 'int32');
  const bounds = { ...model, bounds: [0, 2] as const };
  const { success, adversarial } = await __identifier__().run(bounds, x, y, { norm: 'linf', epsilon: 0.1 });
  expect([...success]).toEqual([1, 0]);
  tf.dispose([x, y, adversarial]);
  model.dispose();
});
