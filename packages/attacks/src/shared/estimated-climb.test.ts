import '@tensorflow/tfjs-backend-cpu';
import type { AttackLoss, Scope } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { sumOfDifferences } from './estimated-climb.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
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
