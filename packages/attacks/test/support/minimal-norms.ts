import type { Attack, Norm } from '@advrob/core';
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

interface Run {
  readonly x: Nested;
  readonly y: Nested;
  readonly points: Readonly<Record<string, Nested>>;
  readonly closest: Nested;
}

interface Methods {
  readonly weights: SmoothWeights;
  readonly steps: number;
  readonly candidates: number;
  readonly overshoot: number;
  readonly deepfool: readonly (Run & { readonly norm: 'l2' | 'linf' })[];
  readonly ddn: readonly (Run & { readonly radius: number; readonly gamma: number })[];
  readonly fmn: readonly (Run & { readonly norm: Norm; readonly first_step: number })[];
}

/** What tooling/oracle/attacks/minimal_norms.py wrote. */
export const minimalNorms = fixture<Methods>('minimal-norms.json');

/** That an attack visits the points of PyTorch and finds the same distances. */
export async function expectSamePath(attack: Attack, norm: Norm, run: Run, passesPerStep = 1): Promise<void> {
  const { weights } = minimalNorms;
  const { model, inputs } = recorded(smoothNet(weights));
  const labels = tensorOf(run.y, 'int32');
  const last = await attack.maximize(model, tensorOf(run.x), labels, { norm, epsilon: Infinity });
  // One further pass for the clean logits where the attack ranks classes.
  const skipped = attack.name === 'deepfool' ? 1 : 0;
  const visited = inputs.slice(skipped).filter((_, i) => i % passesPerStep === 0);
  for (const [step, point] of Object.entries(run.points)) {
    const at = visited[Number(step)] ?? (await last.data());
    expect(largestDifference(at, point), `step ${step}`).toBeLessThan(1e-5);
  }
  const result = await attack.run(smoothNet(weights), tensorOf(run.x), labels, { norm, epsilon: Infinity });
  expect(largestDifference(result.closest, run.closest)).toBeLessThan(1e-5);
}

const slopes = [0.5, -2, 1, 0.25, -1.5, 0.75];
const dual = { linf: 6, l2: Math.hypot(...slopes), l1: 2 };
const places = [
  {
    bounds: [-10, 10],
    rows: [
      [1, 0, 2, -1, 0.5, 0],
      [0, 1, 0, 3, -2, 1],
    ],
  },
  {
    bounds: [0, 1],
    rows: [
      [0.5, 0.4, 0.5, 0.6, 0.5, 0.5],
      [0.3, 0.5, 0.6, 0.5, 0.3, 0.6],
    ],
  },
] as const;

type Case = readonly [title: string, attack: Attack, norm: keyof typeof dual, tolerance: number];

/**
 * That attacks come close to the smallest distance, by tolerances relative to it. Two classes with
 * a linear boundary: it is the lead over the dual norm of the slopes.
 */
export function comeClose(cases: readonly Case[]): void {
  describe('smallest distances on a linear model', () => {
    it.each(cases)('%s', async (_, attack, norm, tolerance) => {
      for (const { bounds, rows } of places) {
        const model = linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [0.3, 0], bounds });
        const leads = rows.map((row) => row.reduce((sum, value, i) => sum + value * slopes[i]!, -0.3));
        const y = tf.tensor1d(
          leads.map((lead) => Number(lead > 0)),
          'int32',
        );
        const x = tf.tensor2d(rows.map((row) => [...row]));
        const { closest, queries } = await attack.run(model, x, y, { norm, epsilon: Infinity });
        closest.forEach((distance, i) => {
          const excess = distance / (Math.abs(leads[i]!) / dual[norm]) - 1;
          expect(excess).toBeGreaterThan(-1e-5);
          expect(excess).toBeLessThan(tolerance);
        });
        // The gradient at the example, the point beyond the boundary, and the judgement of the last
        // points.
        if (attack.name === 'deepfool') expect([...queries]).toEqual([3, 3]);
      }
    });
  });
}
