import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { climbAsPyTorch, countsQueries, estimates, expectThroughStairs, gentle } from '../test/support/estimates.js';
import { nes } from './nes.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(nes, {
  rows: [{ attack: nes({ steps: 8, pairs: 20 }), reach: 0.7, differsBySeed: true }],
});

const { steps, pairs, radius, momentum, step } = estimates;
climbAsPyTorch('nes', nes({ steps, pairs, radius, momentum, stepSize: step }));

countsQueries(nes({ steps: 3, pairs: 5 }));

describe('queries', () => {
  it('stop where the example is found', async () => {
    // Far beyond the boundary after one step.
    const attack = nes({ steps: 50, pairs: 5, stepSize: 0.5 });
    const { model, x, y } = gentle;
    const result = await attack.run(model, x, y, { norm: 'linf', epsilon: 0.5 });
    expect([...result.success]).toEqual([1, 1]);
    for (const count of result.queries) expect([11, 22]).toContain(count);
  });
});

it('NES sees through a model whose gradients are 0', () =>
  expectThroughStairs(nes({ steps: 30, pairs: 8, radius: 0.05 })));
