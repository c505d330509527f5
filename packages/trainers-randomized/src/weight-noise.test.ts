import type { Random } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { trainerContract } from '@advrob/core/testing';
import { awp, pgdAt } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { suite } from '../../training/test/support/contracts.js';
import { expectedCurvature, scalarLoss } from '../test/support/scalar-loss.js';
import type { Values } from '../test/support/tanh-model.js';
import { fixed, freshProblem, lossHere, model, testBuffers, through, x, y } from '../test/support/weight-space.js';
import { rat } from './rat.js';
import { taylorExpansion } from './taylor-expansion.js';
import { weightNoise } from './weight-noise.js';

suite(
  'recipe weight-noise',
  trainerContract(() => ({ objective: pgdAt(), transforms: [weightNoise({ samples: 2, antithetic: true })] })),
);
suite(
  'recipe weight-noise over AWP',
  trainerContract(() => ({ objective: rat(), transforms: [awp(), weightNoise()] })),
);
freshProblem();
testBuffers('weight-noise', weightNoise({ samples: 2, antithetic: true }), 4);

/** Gradient descent; gives the weights as numbers. */
async function descend(steps: number): Promise<Values> {
  for (let i = 0; i < steps; i++)
    tf.tidy(() => {
      const { grads } = tf.variableGrads(lossHere, Object.values(model.weights));
      for (const weight of Object.values(model.weights))
        weight.assign(tf.sub(weight, tf.mul(grads[weight.name]!, 0.5)));
    });
  const entries = Object.entries(model.weights);
  return Object.fromEntries(await Promise.all(entries.map(async ([name, w]) => [name, Array.from(await w.data())])));
}

describe('weight-noise', () => {
  it('with antithetic draws is the expansion with weight 1/2, draw by draw', async () => {
    const sampled = await through(weightNoise({ sigma: 0.1, antithetic: true }), fixed);
    const second = taylorExpansion({ sigma: 0.1, firstWeight: 0, secondWeight: 0.5, clamp: false });
    const expanded = await through(second, fixed);
    expect(sampled.totals[0]).toBeCloseTo(expanded.totals[0]!, 6);
    for (const [name, values] of Object.entries(sampled.grads))
      values.forEach((value, i) => expect(Math.abs(value - expanded.grads[name]![i]!)).toBeLessThan(1e-6));
  });

  it('converges to the exact expansion within its statistical error', async () => {
    const [sigma, times] = [0.1, 2500];
    // Near a minimum, where the first term, whose mean is 0, does not hide the second.
    const trained = await descend(150);
    const rng = createRandom({ seed: 3 });
    const spread = ({ totals }: { totals: number[] }) => {
      const mean = totals.reduce((sum, value) => sum + value, 0) / totals.length;
      const variance = totals.reduce((sum, value) => sum + (value - mean) ** 2, 0) / totals.length;
      return { mean, error: Math.sqrt(variance / totals.length) };
    };
    const many = { withGrads: false, times };
    const sampled = spread(await through(weightNoise({ sigma }), rng, many));
    const second = taylorExpansion({ sigma, firstWeight: 0, secondWeight: 0.5, clamp: false });
    const expanded = spread(await through(second, rng, { ...many, times: times / 5 }));

    const loss = (weights: Values) => scalarLoss(weights, x, y);
    const start = loss(trained);
    const exact = start + expectedCurvature(trained, sigma, loss) / 2;
    // The noise must raise the loss by far more than the errors, else the comparison says nothing.
    expect(exact - start).toBeGreaterThan(8 * sampled.error);
    expect(Math.abs(sampled.mean - exact)).toBeLessThan(4 * sampled.error);
    expect(Math.abs(expanded.mean - exact)).toBeLessThan(4 * expanded.error + 0.02 * (exact - start));
  });

  it('averages its samples: two are the mean of the two', async () => {
    const rng = createRandom({ seed: 5 });
    const purposes: string[] = [];
    const noting: Random = {
      ...rng,
      normal(purpose, shape) {
        purposes.push(purpose);
        return rng.normal(purpose, shape);
      },
    };
    const both = await through(weightNoise({ sigma: 0.3, samples: 2 }), noting);
    expect(new Set(purposes).size).toBe(8);
    const renamed: Random = {
      ...rng,
      normal: (purpose, shape) => rng.normal(purpose.replace('0/0', '0/1'), shape),
    };
    const [first, second] = [
      await through(weightNoise({ sigma: 0.3 }), rng),
      await through(weightNoise({ sigma: 0.3 }), renamed),
    ];
    expect(both.totals[0]).toBeCloseTo((first.totals[0]! + second.totals[0]!) / 2, 6);
    const name = 'last.weight';
    both.grads[name]!.forEach((value, i) =>
      expect(value).toBeCloseTo((first.grads[name]![i]! + second.grads[name]![i]!) / 2, 6),
    );
  });
});
