import type { Attack } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
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

/** What tooling/oracle/attacks/gradient_estimates.py wrote. */
export const estimates = fixture<Climbs>('gradient-estimates.json');

/** That an attack visits the iterates of PyTorch with the same draws. */
export function climbAsPyTorch(method: 'spsa' | 'nes', attack: Attack): void {
  const { weights, steps, seed, runs } = estimates;
  describe('PyTorch fixtures with the same draws', () => {
    it.each(runs.filter((run) => run.method === method))(
      'the same iterates of $method in $norm',
      async ({ norm, epsilon, x, y, points }) => {
        const { model, inputs } = recorded(smoothNet(weights));
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
      },
    );
  });
}

/** Two examples of a linear model of eight values. */
export const gentle = {
  model: linearClassifier({ weights: Array.from({ length: 8 }, (_, i) => [Math.sin(i + 1), 0]), bias: [0, 0] }),
  x: tf.fill([2, 8], 0.5),
  y: tf.fill([2], 0, 'int32'),
};

/** That an attack of three steps of five pairs asks for two points per pair and one per iterate. */
export function countsQueries(attack: Attack): void {
  describe('queries', () => {
    it('are two per pair and one per iterate, for an example that withstands', async () => {
      const { model, x, y } = gentle;
      const result = await attack.run(model, x, y, { norm: 'linf', epsilon: 1e-4 });
      expect([...result.success]).toEqual([0, 0]);
      expect([...result.queries]).toEqual([33, 33]);
    });
  });
}

/** That an attack finds its way where scores fall and no gradient is left: a fine staircase. */
export async function expectThroughStairs(attack: Attack): Promise<void> {
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
  const { success } = await attack.run(stairs, x, tf.tensor1d([0], 'int32'), { norm: 'linf', epsilon: 0.2 });
  expect([...success]).toEqual([1]);
}
