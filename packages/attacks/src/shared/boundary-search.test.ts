import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { model, withLabels } from '../../test/support/label-rows.js';
import { findStart, toBoundary } from './boundary-search.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(['l2', 'linf'] as const)('on a linear model in %s', (norm) => {
  it('the bisection ends at the boundary, one label per halving', async () => {
    const queries = await withLabels(norm, async (scope) => {
      const start = await findStart(scope, 20);
      const near = await toBoundary(scope, start, 20);
      const logits = model.logits(near);
      const lead = tf.sub(tf.slice(logits, [0, 1], [-1, 1]), tf.slice(logits, [0, 0], [-1, 1]));
      for (const value of await scope.read(lead)) expect(Math.abs(value)).toBeLessThan(2e-5);
    });
    queries.forEach((count) => expect(count).toBeGreaterThan(20));
  });
});
