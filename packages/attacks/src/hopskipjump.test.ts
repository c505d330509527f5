import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { dual, failsWithoutStart, leads, model, slopes, withLabels, x, y } from '../test/support/label-rows.js';
import { holdsOneRound } from '../test/support/rounds.js';
import { estimatedDirection, hopskipjump } from './hopskipjump.js';
import { findStart, toBoundary } from './shared/boundary-search.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(hopskipjump, {
  rows: [{ attack: hopskipjump({ steps: 3, directions: 30, startTries: 10 }), differsBySeed: true }],
});

holdsOneRound(hopskipjump({ steps: 2, directions: 10 }), hopskipjump({ steps: 6, directions: 10 }), 'l2', Infinity);

describe.each(['l2', 'linf'] as const)('on a linear model in %s', (norm) => {
  // Tolerances relative to the exact distance.
  it.each([
    [10, 0.08],
    [30, 0.02],
  ])('HopSkipJump of %i rounds comes close to the nearest point', async (steps, tolerance) => {
    const { closest, queries } = await hopskipjump({ steps }).run(model, x, y, { norm, epsilon: Infinity });
    closest.forEach((distance, i) => {
      const excess = distance / (Math.abs(leads[i]!) / dual[norm]) - 1;
      expect(excess).toBeGreaterThan(-1e-5);
      expect(excess).toBeLessThan(tolerance);
    });
    // 100 sqrt(round) labels for the direction of each round make up nearly all.
    const directions = Array.from({ length: steps }, (_, i) => Math.floor(100 * Math.sqrt(i + 1)));
    const estimated = directions.reduce((sum, count) => sum + count, 0);
    queries.forEach((count) => {
      expect(count).toBeGreaterThan(estimated);
      expect(count).toBeLessThan(estimated + 110 + steps * 36);
    });
  });

  it('the direction estimated from labels is that of the gradient', async () => {
    await withLabels(norm, async (scope) => {
      const start = await findStart(scope, 20);
      const adv = await toBoundary(scope, start, 22);
      const radius = tf.fill([3], 0.01);
      const direction = await estimatedDirection(scope, { adv, isFound: start.isFound }, radius, 4000);
      const found = (await scope.read(direction)) as Float32Array;
      leads.forEach((lead, i) => {
        const wanted = slopes.map((slope) => -Math.sign(lead) * (norm === 'linf' ? Math.sign(slope) : slope / dual.l2));
        const own = found.subarray(i * 6, i * 6 + 6);
        const agreement = wanted.reduce((sum, value, j) => sum + value * own[j]!, 0) / (norm === 'linf' ? 6 : 1);
        expect(agreement).toBeGreaterThan(norm === 'linf' ? 0.6 : 0.995);
      });
    });
  });
});

it('the direction is not lost where all labels agree', async () => {
  await withLabels('l2', async (scope) => {
    // Far from the boundary every neighbour has the same label: the mean of the vectors stays.
    const at = { adv: scope.x, isFound: tf.ones([3], 'bool') };
    const direction = await estimatedDirection(scope, at, tf.fill([3], 1e-4), 10);
    const length = tf.sqrt(tf.sum(tf.square(direction), 1));
    for (const value of await scope.read(length)) expect(value).toBeCloseTo(1, 5);
  });
});

failsWithoutStart(hopskipjump({ steps: 2, startTries: 7 }));
