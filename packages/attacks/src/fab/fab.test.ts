import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { contractOf } from '../../test/contract/contract.js';
import { isAsStrongWithTargets } from '../../test/support/hundred-examples.js';
import { findNearest, walkAsPyTorch } from '../../test/support/walks.js';
import { fab } from './fab.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(fab, {
  rows: [
    { attack: fab({ steps: 6 }), reach: 0.95, excess: 0.02 },
    { attack: fab({ steps: 12, start: 'random' }), reach: 0.95, differsBySeed: true },
  ],
  eot: (eot) => fab({ steps: 4, eot }),
});

walkAsPyTorch('nearest');

// Each step goes 5% too far on purpose, which leaves half a percent; with a smaller overshoot the
// walk comes as close as that allows.
findNearest([
  ['fab', fab({ steps: 30 }), 6e-3],
  ['fab with a small overshoot', fab({ steps: 30, overshoot: 1.001 }), 1e-3],
  ['fab from a random start', fab({ steps: 60, start: 'random', overshoot: 1.001 }), 1e-3],
]);

it('finds no more than epsilon allows, but tells how close it came', async () => {
  const model = linearClassifier({
    weights: [
      [0, 1],
      [0, 1],
    ],
    bias: [0, -1],
  });
  const x = tf.tensor2d([
    [0.6, 0.6],
    [0.9, 0.9],
  ]);
  const y = tf.tensor1d([1, 1], 'int32');
  const { success, closest } = await fab({ steps: 20 }).run(model, x, y, { norm: 'linf', epsilon: 0.2 });
  expect([...success]).toEqual([1, 0]);
  expect(closest[1]).toBeCloseTo(0.4, 2);
});

isAsStrongWithTargets(fab({ steps: 5 }), 'l2');
