import '@tensorflow/tfjs-backend-cpu';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { climbAsPyTorch, countsQueries, estimates, expectThroughStairs } from '../test/support/estimates.js';
import { spsa } from './spsa.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(spsa, {
  rows: [{ attack: spsa({ steps: 5, pairs: 20, learningRate: 0.05 }), reach: 0.7, differsBySeed: true }],
});

const { steps, pairs, radius, rate } = estimates;
climbAsPyTorch('spsa', spsa({ steps, pairs, radius, learningRate: rate }));

countsQueries(spsa({ steps: 3, pairs: 5 }));

describe('queries', () => {
  it('are the same in parts: an estimate of many directions is asked for piece by piece', async () => {
    // 9000 values leave room for three pairs at a time.
    const wide = linearClassifier({ weights: Array.from({ length: 9000 }, () => [1e-3, 0]), bias: [0, 0] });
    const one = tf.fill([1, 9000], 0.5);
    const { queries } = await spsa({ steps: 2, pairs: 7 }).run(wide, one, tf.tensor1d([0], 'int32'), {
      norm: 'linf',
      epsilon: 1e-4,
    });
    expect([...queries]).toEqual([2 * (14 + 1)]);
  });
});

it('SPSA sees through a model whose gradients are 0', () =>
  expectThroughStairs(spsa({ steps: 30, pairs: 8, learningRate: 0.02 })));
