import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { certifierContract, linearClassifier } from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { __identifier__ } from '../src/__name__.js';

// The suite's classifier has slopes 0.6, -1.1 and 0.4.
for (const { name, run } of certifierContract(() => __identifier__({ lipschitz: 1.32 }))) test(name, run);

test('agrees with a calculation by hand', async () => {
  // Scores 3 a + 4 b and 0: the boundary is at (3 a + 4 b) / 5.
  const model = linearClassifier({
    weights: [
      [3, 0],
      [4, 0],
    ],
    bias: [0, 0],
    bounds: [-1, 1],
  });
  const [x, y] = [tf.tensor2d([[0.5, 0.25]]), tf.tensor1d([0], 'int32')];
  const certifier = __identifier__({ lipschitz: 5 });
  const found = await certifier.certify(model, x, y, createThreat({ norm: 'l2', epsilon: 0.4 }, [-1, 1]));
  expect(found.verdicts).toEqual(['certified']);
  expect(found.radius![0]).toBeCloseTo(0.5, 6);
  tf.dispose([x, y]);
  model.dispose();
});
