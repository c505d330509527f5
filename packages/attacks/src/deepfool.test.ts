import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { isAsStrongWithTargets } from '../test/support/hundred-examples.js';
import { comeClose, expectSamePath, minimalNorms } from '../test/support/minimal-norms.js';
import { deepfool } from './deepfool.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(deepfool, {
  rows: [{ attack: deepfool(), reach: 0.97, excess: 0.03 }],
  eot: (eot) => deepfool({ steps: 4, eot }),
});

describe('PyTorch fixtures', () => {
  const { candidates, overshoot } = minimalNorms;
  it.each(minimalNorms.deepfool)('DeepFool in $norm', async (run) => {
    await expectSamePath(deepfool({ candidates, overshoot, steps: 12 }), run.norm, run, candidates);
  });
});

// It goes too far on purpose.
comeClose([
  ['DeepFool 0', deepfool({ overshoot: 1e-4 }), 'l2', 2e-4],
  ['DeepFool 1', deepfool({ overshoot: 1e-4 }), 'linf', 2e-4],
]);

it('DeepFool passes over boundaries without slope, and ends each row at its first success', async () => {
  // Class 2 never changes and is nearest in value; class 1 can be reached.
  const model = linearClassifier({
    weights: [
      [0, 4, 0],
      [0, 0, 0],
    ],
    bias: [1, 0, 0.9],
  });
  const x = tf.tensor2d([
    [0, 0.5],
    [0.2, 0.5],
  ]);
  const { closest, queries } = await deepfool().run(model, x, tf.zeros([2], 'int32'), {
    norm: 'l2',
    epsilon: Infinity,
  });
  expect(closest[0]).toBeCloseTo(0.25 * 1.02, 5);
  expect(closest[1]).toBeCloseTo(0.05 * 1.02, 5);
  // Two candidates at two points, and the last judgement.
  expect([...queries]).toEqual([5, 5]);
});

it('DeepFool with a target crosses the boundary around the target, whichever class leads there', async () => {
  // The target overtakes the label at 1, but class 2 only at 3.
  const model = linearClassifier({ weights: [[0, 1, 0.8]], bias: [1, 0, 0.6], bounds: [0, 100] });
  const y = tf.tensor1d([0], 'int32');
  const { closest, prediction } = await deepfool().run(
    model,
    tf.zeros([1, 1]),
    y,
    { norm: 'l2', epsilon: Infinity },
    { targets: tf.tensor1d([1], 'int32') },
  );
  expect([...prediction]).toEqual([1]);
  // The first step ends at 1.02, from where the boundary is 1.98 away; the overshoot is of both
  // together.
  expect(closest[0]).toBeCloseTo((1 + 1.98) * 1.02, 4);
});

isAsStrongWithTargets(deepfool({ steps: 10 }), 'l2');
