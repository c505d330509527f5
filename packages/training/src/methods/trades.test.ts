import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { testObjective, testTrainer } from '../../test/support/contracts.js';
import { fixtureModel } from '../../test/support/fixture.js';
import { pairs, testLoss } from '../../test/support/torch.js';
import { trades, tradesAwpTrainer, tradesTrainer } from './trades.js';

testLoss('trades', trades);
testObjective(trades, { refuses: [{ beta: -1 }] });
testTrainer(tradesTrainer, { published: { passes: 76, rates: { 0: 0.1, 74: 0.1, 75: 0.01 } } });
testTrainer(tradesAwpTrainer, { published: { passes: 200, rates: { 99: 0.1, 100: 0.01, 150: 0.001 } } });

it('trades without dropout masks in common: the two passes draw apart', () => {
  const before = tf.memory().numTensors;
  const model = fixtureModel();
  const purposes: string[] = [];
  const rng = {
    uniform: (purpose: string, shape: readonly number[]) => {
      purposes.push(purpose);
      return tf.zeros([...shape]);
    },
    normal: () => tf.scalar(0),
  };
  const drawing: Classifier = {
    ...model,
    logits(x, how) {
      how!.rng!.uniform('mask', [1], 0, 1);
      return model.logits(x, how);
    },
  };
  tf.tidy(() => {
    trades().loss(pairs(), drawing, { mode: 'train', rng });
  });
  model.dispose!();
  expect(new Set(purposes).size).toBe(2);
  expect(tf.memory().numTensors).toBe(before);
});
