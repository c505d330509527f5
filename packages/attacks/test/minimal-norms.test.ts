import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Attack, Norm } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { cw } from '../src/cw.js';
import { ddn } from '../src/ddn.js';
import { deepfool } from '../src/deepfool.js';
import { ead } from '../src/ead.js';
import { fmn, shrinkTo } from '../src/fmn.js';
import { cosine } from '../src/shared/steps.js';
import { fixture, largestDifference, recorded, smoothNet, tensorOf } from './smooth-net.js';
import type { Nested, SmoothWeights } from './smooth-net.js';

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

const found = fixture<Methods>('minimal-norms.json');

beforeAll(async () => {
  await tf.setBackend('cpu');
});

async function expectSamePath(attack: Attack, norm: Norm, run: Run, passesPerStep = 1): Promise<void> {
  const { model, inputs } = recorded(smoothNet(found.weights));
  const labels = tensorOf(run.y, 'int32');
  const last = await attack.maximize(model, tensorOf(run.x), labels, { norm, epsilon: Infinity });
  // One further pass for the clean logits where the attack ranks classes.
  const skipped = attack.name === 'deepfool' ? 1 : 0;
  const visited = inputs.slice(skipped).filter((_, i) => i % passesPerStep === 0);
  for (const [step, point] of Object.entries(run.points)) {
    const at = visited[Number(step)] ?? (await last.data());
    expect(largestDifference(at, point), `step ${step}`).toBeLessThan(1e-5);
  }
  const result = await attack.run(smoothNet(found.weights), tensorOf(run.x), labels, { norm, epsilon: Infinity });
  expect(largestDifference(result.closest, run.closest)).toBeLessThan(1e-5);
}

describe('PyTorch fixtures', () => {
  it.each(found.deepfool)('DeepFool in $norm', async (run) => {
    const attack = deepfool({ candidates: found.candidates, overshoot: found.overshoot, steps: 12 });
    await expectSamePath(attack, run.norm, run, found.candidates);
  });
  it.each(found.ddn)('DDN from radius $radius', async (run) => {
    const attack = ddn({ steps: found.steps, initialRadius: run.radius, radiusChange: run.gamma });
    await expectSamePath(attack, 'l2', run);
  });
  it.each(found.fmn)('FMN in $norm', async (run) => {
    await expectSamePath(fmn({ steps: found.steps, stepSize: run.first_step }), run.norm, run);
  });
});

/** Two classes with a linear boundary: the smallest distance is the lead over the dual norm of the slopes. */
describe('smallest distances on a linear model', () => {
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

  // Tolerances relative to the exact distance. EAD moves by its threshold in L1, DeepFool goes too far on purpose.
  const attacks: readonly (readonly [string, Attack, 'linf' | 'l2' | 'l1', number])[] = [
    ['DeepFool', deepfool({ overshoot: 1e-4 }), 'l2', 2e-4],
    ['DeepFool', deepfool({ overshoot: 1e-4 }), 'linf', 2e-4],
    ['C&W, small steps', cw({ learningRate: 0.002, searches: 9, steps: 500 }), 'l2', 1e-3],
    ['C&W, few large steps', cw({ steps: 200 }), 'l2', 0.02],
    ['DDN', ddn({ steps: 100 }), 'l2', 3e-3],
    ['DDN, long', ddn({ steps: 300 }), 'l2', 1e-3],
    ['FMN', fmn(), 'l2', 1e-4],
    ['FMN', fmn(), 'linf', 1e-4],
    ['FMN', fmn(), 'l1', 1e-4],
    ['EAD', ead({ beta: 0.1, steps: 1000 }), 'l1', 0.05],
  ];

  it.each(attacks)('%s %#', async (_, attack, norm, tolerance) => {
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
      // The gradient at the example, the point beyond the boundary, and the judgement of the last points.
      if (attack.name === 'deepfool') expect([...queries]).toEqual([3, 3]);
    }
  });

  it('FMN changes as few values as it takes', async () => {
    // Each value can add its slope times its room: 2, 1 and 0.5 from the largest; leads of 1.9, 2.5 and 3.2 need 1, 2 and 3 values.
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

it('a cosine falls from the first to the last value', () => {
  expect([0, 50, 100].map((step) => cosine(1, 0.01, step, 100))).toEqual([
    1,
    expect.closeTo(0.505),
    expect.closeTo(0.01),
  ]);
});

it('DeepFool passes over boundaries without slope, and ends each row at its first success', async () => {
  // Class 2 never changes and is nearest in value; class 1 can be reached.
  const model = linearClassifier({
    weights: [
      [0, 4, 0],
      [0, 0, 0],
    ],
    bias: [1, 0, 0.9],
  });
  const x = tf.tensor2d([
    [0, 0.5],
    [0.2, 0.5],
  ]);
  const { closest, queries } = await deepfool().run(model, x, tf.zeros([2], 'int32'), {
    norm: 'l2',
    epsilon: Infinity,
  });
  expect(closest[0]).toBeCloseTo(0.25 * 1.02, 5);
  expect(closest[1]).toBeCloseTo(0.05 * 1.02, 5);
  // Two candidates at two points, and the last judgement.
  expect([...queries]).toEqual([5, 5]);
});

it('DeepFool with a target crosses the boundary around the target, whichever class leads there', async () => {
  // The target overtakes the label at 1, but class 2 only at 3.
  const model = linearClassifier({ weights: [[0, 1, 0.8]], bias: [1, 0, 0.6], bounds: [0, 100] });
  const y = tf.tensor1d([0], 'int32');
  const { closest, prediction } = await deepfool().run(
    model,
    tf.zeros([1, 1]),
    y,
    { norm: 'l2', epsilon: Infinity },
    { targets: tf.tensor1d([1], 'int32') },
  );
  expect([...prediction]).toEqual([1]);
  // The first step ends at 1.02, from where the boundary is 1.98 away; the overshoot is of both together.
  expect(closest[0]).toBeCloseTo((1 + 1.98) * 1.02, 4);
});
