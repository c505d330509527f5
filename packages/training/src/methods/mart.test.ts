import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { testObjective, testTrainer } from '../../test/support/contracts.js';
import { testLoss } from '../../test/support/torch.js';
import { mart, martTrainer } from './mart.js';

testLoss('mart', mart);
testObjective(mart, { refuses: [{ lambda: NaN }] });
testTrainer(martTrainer, { published: { passes: 120, rates: { 74: 0.01, 75: 0.001, 90: 1e-4, 100: 1e-5 } } });

it("pulls at the label's own logit where its probability rounds to 1", async () => {
  const logits = (z: tf.Tensor) => tf.clone(z);
  const scores = { inputShape: [3], numClasses: 3, bounds: [-50, 50], weights: {}, logits } as unknown as Classifier;
  const objective = mart({ lambda: 5 });
  const [x, y] = [tf.tensor2d([[30, 1, 0]]), tf.tensor1d([0], 'int32')];
  const slopes = tf.grad((adversarial) => objective.loss({ x, adversarial, y } as never, scores, {} as never).total)(x);
  // 1 - b_y of the cross-entropy, and b of the rival from its boost.
  const expected = -(Math.exp(-29) + Math.exp(-30) + Math.exp(-29));
  const [label] = await slopes.data();
  expect(label! / expected).toBeCloseTo(1, 3);
  tf.dispose([x, y, slopes]);
});
