import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Norm } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { isAsStrongWithTargets } from '../test/support/hundred-examples.js';
import { comeClose, expectSamePath, minimalNorms } from '../test/support/minimal-norms.js';
import { largestDifference } from '../test/support/smooth-net.js';
import { fmn, shrinkTo } from './fmn.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(fmn, {
  rows: [{ attack: fmn({ steps: 25 }), reach: 0.9, excess: 0.05, jumps: ['l1'] }],
  eot: (eot) => fmn({ steps: 4, eot }),
});

describe('PyTorch fixtures', () => {
  it.each(minimalNorms.fmn)('FMN in $norm', async (run) => {
    await expectSamePath(fmn({ steps: minimalNorms.steps, stepSize: run.first_step }), run.norm, run);
  });
});

comeClose([
  ['FMN 6', fmn(), 'l2', 1e-4],
  ['FMN 7', fmn(), 'linf', 1e-4],
  ['FMN 8', fmn(), 'l1', 1e-4],
]);

describe('smallest distances on a linear model', () => {
  it('FMN changes as few values as it takes', async () => {
    // Each value can add its slope times its room: 2, 1 and 0.5 from the largest; leads of 1.9, 2.5
    // and 3.2 need 1, 2 and 3 values.
    const model = linearClassifier({
      weights: [
        [0, 2],
        [0, 1],
        [0, 0.5],
        [0, 0.1],
      ],
      bias: [0, 0],
    });
    for (const [lead, wanted] of [
      [1.9, 1],
      [2.5, 2],
      [3.2, 3],
    ] as const) {
      const shifted = {
        ...model,
        logits: (x: tf.Tensor) => tf.tidy(() => tf.add(model.logits(x), tf.tensor2d([[lead, 0]]))),
      };
      const { closest } = await fmn().run(shifted, tf.zeros([1, 4]), tf.tensor1d([0], 'int32'), {
        norm: 'l0',
        epsilon: Infinity,
      });
      expect(closest[0]).toBe(wanted);
    }
  });
});

describe('the projection on a ball per row', () => {
  const rowArbitrary = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 6, maxLength: 6 });
  const radiusArbitrary = fc.integer({ min: 0, max: 6 });
  const length: Record<Norm, (row: readonly number[]) => number> = {
    linf: (row) => Math.max(...row.map(Math.abs)),
    l2: (row) => Math.hypot(...row),
    l1: (row) => row.reduce((sum, value) => sum + Math.abs(value), 0),
    l0: (row) => row.filter((value) => value !== 0).length,
  };

  it.each(['linf', 'l2', 'l1', 'l0'] as const)('%s: in the ball, at rest there, and nearest to the row', (norm) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(rowArbitrary, radiusArbitrary), { minLength: 1, maxLength: 4 }), (cases) => {
        const rows = cases.map(([row]) => row.map((value) => value / 20));
        const radius = tf.tensor1d(cases.map(([, r]) => r));
        const projected = shrinkTo(norm, tf.tensor2d(rows), radius);
        const again = shrinkTo(norm, projected, radius);
        expect(largestDifference(again.dataSync(), projected.arraySync() as number[][])).toBeLessThan(1e-5);
        (projected.arraySync() as number[][]).forEach((row, i) => {
          const r = cases[i]![1];
          expect(length[norm](row)).toBeLessThanOrEqual(r + 1e-5);
          const gap = (other: readonly number[]) => Math.hypot(...other.map((value, j) => value - rows[i]![j]!));
          // No point of the ball between the row, scaled or cut off, and the projection is nearer.
          const scaled = rows[i]!.map((value) => (value * r) / Math.max(length[norm](rows[i]!), r, 1e-9));
          const cut = rows[i]!.map((value, j) => (j < r ? value : 0));
          for (const other of norm === 'l0' ? [cut] : [scaled, scaled.map((value, j) => (value + row[j]!) / 2)])
            expect(gap(row)).toBeLessThanOrEqual(gap(other) + 1e-5);
        });
      }),
      { numRuns: 60 },
    );
  });
});

isAsStrongWithTargets(fmn({ steps: 20 }), 'linf');
