import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { dual, failsWithoutStart, leads, model, x, y } from '../test/support/label-rows.js';
import { adapted, boundary, countOutcome } from './boundary.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(boundary, {
  rows: [{ attack: boundary({ steps: 30, startTries: 10 }), differsBySeed: true }],
});

it('the boundary attack comes close to the nearest point', async () => {
  const { closest } = await boundary({ steps: 1500 }).run(model, x, y, { norm: 'l2', epsilon: Infinity });
  closest.forEach((distance, i) => {
    const excess = distance / (Math.abs(leads[i]!) / dual.l2) - 1;
    expect(excess).toBeGreaterThan(-1e-5);
    expect(excess).toBeLessThan(0.02);
  });
});

it('the lengths of steps follow the share of successes of full windows', async () => {
  const rule = { window: 4, high: 0.5, low: 0.2, factor: 1.5 };
  const tries = tf.tensor1d([4, 4, 4, 3]);
  const hits = tf.tensor1d([3, 2, 0, 3]);
  const next = adapted({ tries, hits }, rule);
  [1.5, 1, 1 / 1.5, 1].forEach((factor, i) => expect(next.factor.dataSync()[i]).toBeCloseTo(factor, 6));
  expect([...next.tries.dataSync()]).toEqual([0, 0, 0, 3]);
  expect([...next.hits.dataSync()]).toEqual([0, 0, 0, 3]);
  const counted = countOutcome(next.tries, next.hits, tf.tensor1d([1, 0, 1, 0], 'bool'));
  expect([...counted.tries.dataSync()]).toEqual([1, 1, 1, 4]);
  expect([...counted.hits.dataSync()]).toEqual([1, 0, 1, 3]);
});

failsWithoutStart(boundary({ steps: 3, startTries: 7 }));
