import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Classifier, Scope } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { adapted, countOutcome } from '../src/boundary.js';
import { estimatedDirection } from '../src/hopskipjump.js';
import { findStart, toBoundary } from '../src/shared/boundary-search.js';
import { boundary, hopskipjump } from '../src/index.js';

const slopes = [0.5, -2, 1, 0.25, -1.5, 0.75];
const dual = { linf: 6, l2: Math.hypot(...slopes) };
const model = linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [0.3, 0] });
const rows = [
  [0.5, 0.4, 0.5, 0.6, 0.5, 0.5],
  [0.3, 0.5, 0.6, 0.5, 0.3, 0.6],
  [0.6, 0.2, 0.5, 0.6, 0.4, 0.5],
];
const leads = rows.map((row) => row.reduce((sum, value, i) => sum + value * slopes[i]!, -0.3));
const x = tf.tensor2d(rows);
const y = tf.tensor1d(
  leads.map((lead) => Number(lead > 0)),
  'int32',
);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Runs `body` on the rows above with labels alone. */
async function withLabels(
  norm: 'l2' | 'linf',
  body: (scope: Scope<'labels'>) => Promise<void>,
  on: Classifier = model,
): Promise<Int32Array> {
  const attack = defineAttack({
    name: 'probe',
    summary: 'Looks at parts of label attacks.',
    knowledge: 'labels',
    norms: ['l2', 'linf'],
    budget: 'minimal',
    options: z.strictObject({}),
    perturb: body,
  });
  return (await attack().run(on, x, y, { norm, epsilon: Infinity })).queries;
}

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

describe('without a start', () => {
  // Every point is of the label.
  const constant: Classifier = {
    ...model,
    logits: (input) => tf.tidy(() => tf.add(tf.mul(model.logits(input), 0), tf.tensor2d([[0, 1]]))),
  };
  it.each([hopskipjump({ steps: 2, startTries: 7 }), boundary({ steps: 3, startTries: 7 })])(
    '$name fails, and says so',
    async (attack) => {
      const ones = tf.ones([3], 'int32');
      const result = await attack.run(constant, x, ones, { norm: 'l2', epsilon: Infinity });
      expect([...result.success]).toEqual([0, 0, 0]);
      expect([...result.closest]).toEqual([Infinity, Infinity, Infinity]);
      expect([...(await result.adversarial.data())]).toEqual([...(await x.data())]);
    },
  );
});
