import type { Attack } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { nearestBoundary, targetBoundary } from '../../src/fab/boundary.js';
import { walk } from '../../src/fab/walk.js';
import {
  fixture,
  largestDifference,
  recorded,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from './smooth-net.js';

interface Walks {
  readonly weights: SmoothWeights;
  readonly steps: number;
  readonly runs: readonly {
    readonly norm: 'linf' | 'l2' | 'l1';
    readonly kind: 'nearest' | 'target';
    readonly x: Nested;
    readonly y: Nested;
    readonly target: Nested;
    readonly points: Readonly<Record<string, Nested>>;
    readonly closest: readonly number[];
  }[];
}

/** That the walks along one kind of boundary visit the points of PyTorch. */
export function walkAsPyTorch(along: 'nearest' | 'target'): void {
  describe('PyTorch fixtures', () => {
    const { weights, steps, runs } = fixture<Walks>('fab.json');
    const walking = { steps, start: 'clean', overshoot: 1.05, backStep: 0.9, largestBias: 0.1, eot: 1 } as const;

    it.each(runs.filter(({ kind }) => kind === along))(
      '$kind boundary in $norm',
      async ({ norm, kind, x, y, target, points, closest }) => {
        const { model, inputs } = recorded(smoothNet(weights));
        const attack = defineAttack({
          name: 'one-walk',
          summary: 'One walk of FAB.',
          knowledge: 'gradients',
          norms: ['linf', 'l2', 'l1'],
          budget: 'minimal',
          options: z.strictObject({}),
          perturb: (scope) =>
            kind === 'nearest'
              ? walk(scope, nearestBoundary, walking)
              : walk(scope.expand({ targets: tf.expandDims(tensorOf(target, 'int32'), 1) }), targetBoundary, walking),
        })();
        const result = await attack.run(model, tensorOf(x), tensorOf(y, 'int32'), { norm, epsilon: Infinity });
        // The clean pass, then per step the gradients (4 other classes or 1) and the point beyond the
        // boundary.
        const passesPerStep = kind === 'nearest' ? 5 : 2;
        for (const [step, wanted] of Object.entries(points))
          expect(largestDifference(inputs[Number(step) * passesPerStep]!, wanted), `step ${step}`).toBeLessThan(1e-5);
        // The library also looks at the points after a step back.
        result.closest.forEach((distance, i) => {
          expect(distance).toBeLessThanOrEqual(closest[i]! + 1e-5);
          expect(distance).toBeGreaterThan(closest[i]! * 0.9 - 1e-5);
        });
      },
    );
  });
}

/** That attacks come as close to the boundary of a linear model as their overshoot allows. */
export function findNearest(cases: readonly (readonly [name: string, Attack, tolerance: number])[]): void {
  describe.each(['linf', 'l2', 'l1'] as const)('linear model, %s', (norm) => {
    const slopes = [0.5, -2, 1, 0.25, -1.5, 0.75];
    const dual = { linf: 6, l2: Math.hypot(...slopes), l1: 2 }[norm];
    const model = linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [0.3, 0], bounds: [-10, 10] });
    const x = tf.tensor2d([
      [1, 0, 2, -1, 0.5, 0],
      [0, 1, 0, 3, -2, 1],
    ]);

    it.each(cases)('%s finds the nearest point', async (_, attack, tolerance) => {
      const lead = tf.sub(tf.matMul(x, tf.tensor2d(slopes.map((slope) => [slope]))), 0.3);
      const margins = Array.from(await lead.data());
      const y = tf.tensor1d(
        margins.map((margin) => Number(margin > 0)),
        'int32',
      );
      const { closest } = await attack.run(model, x, y, { norm, epsilon: Infinity });
      closest.forEach((distance, i) => {
        const excess = distance / (Math.abs(margins[i]!) / dual) - 1;
        expect(excess).toBeGreaterThan(-1e-5);
        expect(excess).toBeLessThan(tolerance);
      });
    });
  });
}
