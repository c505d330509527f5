import '@tensorflow/tfjs-backend-cpu';
import type { AttackLoss, Scope } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { nes, spsa } from '../src/index.js';
import { sumOfDifferences } from '../src/shared/estimated-climb.js';
import {
  fixture,
  largestDifference,
  recorded,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from './smooth-net.js';

interface Climbs {
  readonly weights: SmoothWeights;
  readonly steps: number;
  readonly pairs: number;
  readonly radius: number;
  readonly rate: number;
  readonly momentum: number;
  readonly step: number;
  readonly seed: number;
  readonly runs: readonly {
    readonly method: 'spsa' | 'nes';
    readonly norm: 'linf' | 'l2';
    readonly epsilon: number;
    readonly x: Nested;
    readonly y: Nested;
    readonly points: Readonly<Record<string, Nested>>;
  }[];
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('PyTorch fixtures with the same draws', () => {
  const { weights, steps, pairs, radius, rate, momentum, step, seed, runs } =
    fixture<Climbs>('gradient-estimates.json');
  it.each(runs)('the same iterates of $method in $norm', async ({ method, norm, epsilon, x, y, points }) => {
    const { model, inputs } = recorded(smoothNet(weights));
    const attack =
      method === 'spsa'
        ? spsa({ steps, pairs, radius, learningRate: rate })
        : nes({ steps, pairs, radius, momentum, stepSize: step });
    const images = tensorOf(x);
    const last = await attack.maximize(model, images, tensorOf(y, 'int32'), { norm, epsilon }, { seed });
    const visited = inputs.filter((input) => input.length === images.size);
    expect(visited.length).toBe(steps - 1);
    for (const [at, wanted] of Object.entries(points))
      expect(largestDifference(visited[Number(at) - 1] ?? (await last.data()), wanted), `step ${at}`).toBeLessThan(
        1e-5,
      );
    // Nothing is asked for outside of the bounds.
    for (const input of inputs) for (const value of input) expect(value >= 0 && value <= 1).toBe(true);
  });
});

/** The first logit. */
const firstLogit: AttackLoss = { name: 'first', value: (logits) => tf.squeeze(tf.slice(logits, [0, 0], [-1, 1]), [1]) };

/** Runs `body` with scores of a linear model with these slopes of the first logit, at one point. */
async function withScores(
  slopes: readonly number[],
  at: readonly number[],
  body: (scope: Scope<'scores'>) => Promise<void>,
): Promise<void> {
  const probe = defineAttack({
    name: 'probe',
    summary: 'Looks at parts of score attacks.',
    knowledge: 'scores',
    norms: ['linf'],
    budget: 'fixed',
    loss: firstLogit,
    options: z.strictObject({}),
    perturb: body,
  });
  const model = linearClassifier({ weights: slopes.map((slope) => [slope, 0]), bias: [64, 0] });
  const result = await probe().run(model, tf.tensor2d([[...at]]), tf.tensor1d([0], 'int32'), {
    norm: 'linf',
    epsilon: 1,
  });
  result.adversarial.dispose();
  model.dispose();
}

describe('the estimate of the gradient', () => {
  const signPatterns = Array.from({ length: 8 }, (_, bits) => [0, 1, 2].map((i) => ((bits >> i) & 1 ? 1 : -1)));
  const slope = fc.integer({ min: -20, max: 20 });
  const value = fc.constantFrom(0, 0.003, 0.05, 0.4, 0.5, 0.97, 1);

  it('over all patterns of signs is the gradient of a linear loss, at the bounds too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(slope, slope, slope),
        fc.tuple(value, value, value),
        fc.constantFrom(0.01, 0.2, 1),
        async (slopes, at, radius) => {
          await withScores(slopes, at, async (scope) => {
            const directions = tf.tensor3d([signPatterns]);
            const estimate = tf.div(sumOfDifferences(scope, scope.x, directions, radius), signPatterns.length);
            const found = await scope.read(estimate);
            slopes.forEach((wanted, i) =>
              expect(Math.abs(found[i]! - wanted)).toBeLessThan(1e-4 * (20 + 0.1 / radius)),
            );
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('over Gaussian directions has the gradient of a linear loss as its mean', async () => {
    const slopes = [3, -1, 0, 2];
    await withScores(slopes, [0, 1, 0.5, 0.02], async (scope) => {
      const count = 4000;
      const directions = scope.rng.normal('direction', [count, 4]);
      const found = await scope.read(tf.div(sumOfDifferences(scope, scope.x, directions, 0.05), count));
      // The deviation of one term is at most about twice the length of the gradient.
      const deviation = (2 * Math.hypot(...slopes)) / Math.sqrt(count);
      slopes.forEach((wanted, i) => expect(Math.abs(found[i]! - wanted)).toBeLessThan(4 * deviation));
    });
  });

  it('passes by what cannot move', async () => {
    await withScores([2, 5], [0.5, 0.5], async (scope) => {
      const found = await scope.read(sumOfDifferences(scope, scope.x, tf.tensor3d([[[1, 0]]]), 0.1));
      expect([...found].map((entry) => Math.round(entry * 1e3) / 1e3)).toEqual([2, 0]);
    });
  });
});

describe('queries', () => {
  const weights = Array.from({ length: 8 }, (_, i) => [Math.sin(i + 1), 0]);
  const model = linearClassifier({ weights, bias: [0, 0] });
  const x = tf.fill([2, 8], 0.5);
  const y = tf.fill([2], 0, 'int32');

  it('are two per pair and one per iterate, for an example that withstands', async () => {
    for (const attack of [spsa({ steps: 3, pairs: 5 }), nes({ steps: 3, pairs: 5 })]) {
      const result = await attack.run(model, x, y, { norm: 'linf', epsilon: 1e-4 });
      expect([...result.success]).toEqual([0, 0]);
      expect([...result.queries]).toEqual([33, 33]);
    }
  });

  it('stop where the example is found', async () => {
    // Far beyond the boundary after one step.
    const attack = nes({ steps: 50, pairs: 5, stepSize: 0.5 });
    const result = await attack.run(model, x, y, { norm: 'linf', epsilon: 0.5 });
    expect([...result.success]).toEqual([1, 1]);
    for (const count of result.queries) expect([11, 22]).toContain(count);
  });

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

it('SPSA and NES see through a model whose gradients are 0', async () => {
  // A fine staircase: no gradient anywhere, yet scores that fall along the way.
  const base = linearClassifier({
    weights: [
      [1, 0],
      [2, 0],
      [-1, 0],
    ],
    bias: [0, 0.6],
  });
  const stairs = {
    ...base,
    logits: (x: tf.Tensor) => tf.tidy(() => tf.div(tf.round(tf.mul(base.logits(x), 200)), 200)),
  };
  const x = tf.tensor2d([[0.5, 0.5, 0.4]]);
  for (const attack of [
    spsa({ steps: 30, pairs: 8, learningRate: 0.02 }),
    nes({ steps: 30, pairs: 8, radius: 0.05 }),
  ]) {
    const { success } = await attack.run(stairs, x, tf.tensor1d([0], 'int32'), { norm: 'linf', epsilon: 0.2 });
    expect([...success]).toEqual([1]);
  }
});
