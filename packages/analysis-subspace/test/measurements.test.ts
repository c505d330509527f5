import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { pgd } from '@advrob/attacks';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import type { AnalysisContext, Classifier, Json } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { linearClassifier } from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import { fromLayersModel, mlp } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { boundary } from '../src/analyses/boundary.js';
import { boundaryLines } from '../src/measure/boundary-lines.js';
import { flipDistances } from '../src/measure/flip-distance.js';
import { orthogonal } from '../src/orthogonal.js';
import { orthogonalRobustness } from '../src/analyses/orthogonal-robustness.js';
import { projectOnto, projected, spanOf, subspace, withoutInputs } from '@advrob/datasets';
import { universalDirection } from '../src/measure/orthogonal-gradient.js';
import type { BoundaryReport } from '../src/analyses/boundary-report.js';
import type { RobustnessReport } from '../src/analyses/robustness-report.js';

beforeEach(() => tf.setBackend('cpu'));

/** N = 2 (a . x + c): its boundary is the plane a . x = -c. */
const plane = (a: readonly number[], c: number, bounds: readonly [number, number] = [-9, 9]) =>
  linearClassifier({ weights: a.map((value) => [-value, value]), bias: [-c, c], bounds });

const memo = <T>(_: string, compute: () => Promise<T>): Promise<T> => compute();
async function contextOf(model: Classifier): Promise<AnalysisContext<'model'>> {
  const { train } = await subspace({ size: 8, complement: 3, count: 30, rotated: true, seed: 2 });
  return {
    models: { model },
    data: train,
    threat: createThreat({ norm: 'l2', epsilon: 1 }, [-30, 30]),
    rng: createRandom({ seed: 1 }),
    memo,
  };
}

describe('flip distances', () => {
  it('of a linear model are |N| over the length of the direction in its gradient, and say where bounds are left', async () => {
    const model = plane([1, 2], -1, [0, 1]);
    const x = tf.tensor2d([
      [0.2, 0.1],
      [0.9, 0.9],
      [0, 1],
    ]);
    const directions = tf.tensor2d([
      [0, 1],
      [0, -1],
      [0, 0],
    ]);
    const { distances, isInside } = await flipDistances(model, x, directions, { limit: 4 });
    // 0.2 + 2 (0.1 + s) = 1 at s = 0.3; 0.9 + 2 (0.9 - s) = 1 at s = 0.85.
    expect(distances[0]).toBeCloseTo(0.3, 5);
    expect(distances[1]).toBeCloseTo(0.85, 5);
    expect(distances[2]).toBeNull();
    expect(isInside).toEqual([true, true, false]);
    const far = await flipDistances(
      model,
      x,
      tf.tensor2d([
        [-1, 0],
        [-1, 0],
        [-1, 0],
      ]),
      { limit: 4 },
    );
    expect(far.distances[0]).toBeNull();
    expect(far.distances[1]).toBeCloseTo(1.7, 5);
    expect(far.isInside[1]).toBe(false);
    for (const search of [{ limit: 0 }, { limit: 1, first: 2 }, { limit: 1, ratio: 1 }, { limit: Infinity }])
      await expect(flipDistances(model, x, directions, search)).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
    tf.dispose([x, directions]);
    model.dispose();
  });
});

it.each([1, 1e-25])(
  'the universal direction of a linear model times %s is its weight vector off the subspace, towards the other class',
  async (scale) => {
    const model = plane([3 * scale, 4 * scale, 12 * scale], 0);
    const x = tf.tensor2d([
      [1, 0, 0],
      [2, 0, 0],
    ]);
    const z = universalDirection(model, withoutInputs(3, [1, 2]), x, 1);
    const [a, b, c] = await z.data();
    expect(a).toBeCloseTo(0, 7);
    expect(b).toBeCloseTo(-4 / Math.hypot(4, 12), 5);
    expect(c).toBeCloseTo(-12 / Math.hypot(4, 12), 5);
    tf.dispose([x, z]);
    model.dispose();
  },
);

it('boundary lines of a linear model lie on its plane and cross the square once', async () => {
  const model = plane([1, 2], -0.3);
  const before = tf.memory().numTensors;
  const segments = await boundaryLines(model, [-1, 1], 16);
  expect(tf.memory().numTensors).toBe(before);
  for (const { x, y, x2, y2 } of segments) {
    expect(x + 2 * y).toBeCloseTo(0.3, 5);
    expect(x2 + 2 * y2).toBeCloseTo(0.3, 5);
  }
  const length = segments.reduce((sum, { x, y, x2, y2 }) => sum + Math.hypot(x2 - x, y2 - y), 0);
  expect(length).toBeCloseTo(Math.hypot(2, 1), 4);
  model.dispose();
});

describe('the orthogonal attack', () => {
  it.each([
    ['linf', { unused: [1, 2] }],
    ['l2', { unused: [1, 2] }],
    ['l1', { unused: [1, 2] }],
    ['l2', { basis: [[1, 1, 0]] }],
    ['linf', { basis: [[1, 1, 0]] }],
  ] as const)(
    'in %s moves off the subspace alone and finds the linear optimum where it is known: %o',
    async (norm, off) => {
      const a = [5, 3, -4];
      const model = plane(a, 0);
      const subspaceOf = 'unused' in off ? withoutInputs(3, off.unused) : spanOf(off.basis);
      const x = tf.tensor2d([[0.5, 0.1, 0.2]]);
      const y = tf.tensor1d([1], 'int32');
      const attack = orthogonal({ attack: pgd({ steps: 30, start: 'zero' }), subspace: off as never });
      const epsilon = 0.4;
      const adv = await attack.maximize(model, x, y, { norm, epsilon });
      const change = tf.sub(adv, x);
      const inside = projectOnto(subspaceOf, change);
      for (const value of await inside.data()) expect(Math.abs(value)).toBeLessThan(1e-6);
      const drop = tf.sum(tf.mul(change, tf.tensor1d(a)));
      const reached = -(await drop.data())[0]!;
      if ('unused' in off) {
        // Hoelder: epsilon times the dual norm of the part of a that may be used.
        const dual = { linf: 7, l2: 5, l1: 4 }[norm];
        expect(reached).toBeCloseTo(epsilon * dual, 4);
      } else if (norm === 'l2') {
        // a without its part along (1, 1, 0) is (1, -1, -4).
        expect(reached).toBeCloseTo(epsilon * Math.sqrt(18), 4);
      } else expect(reached).toBeGreaterThan(0);
      tf.dispose([x, y, adv, change, inside, drop]);
      model.dispose();
    },
  );
});

it('projected data lie on the subspace and keep their labels', async () => {
  const { data } = await contextOf(plane([1, 0, 0, 0, 0, 0, 0, 0], 0));
  const line = spanOf([[1, 1, 1, 1, 0, 0, 0, 0]]);
  const moved = await projected(data, line);
  expect(moved.length).toBe(data.length);
  for await (const { x, y } of moved.batches({ size: 30 })) {
    const again = projectOnto(line, x);
    const [values, same] = [await x.data(), await again.data()];
    values.forEach((value, i) => expect(value).toBeCloseTo(same[i]!, 5));
    tf.dispose([x, y, again]);
  }
});

it('measures any classifier: a linear one, in closed form', async () => {
  const weights = [0, 1, 2, 3, 4, 5, 6, 7];
  const model = plane(weights, 0.5, [-30, 30]);
  const context = await contextOf(model);
  const options = { subspace: { unused: [6, 7] }, examples: 30, limit: 100 };
  const report = (await orthogonalRobustness(options).analyze(context)) as RobustnessReport;
  const [away, along] = [2 * Math.hypot(6, 7), 2 * Math.hypot(1, 2, 3, 4, 5)];
  expect(report.orthogonal.median).toBeCloseTo(away, 4);
  expect(report.along.median).toBeCloseTo(along, 4);
  expect(report.orthogonalShare).toBeCloseTo(away ** 2 / (away ** 2 + along ** 2), 5);
  expect(report.expectedShare).toBe(0.25);
  expect(report.flip.median).toBeCloseTo(report.predictedFlip.median!, 4);
  expect(report.universal.map(({ share }) => share)).toEqual([1, 1]);
  expect(report.subspace).toEqual({ kind: 'axes', size: 8, dimension: 6, complement: 2 });
  model.dispose();
});

it('measures a LayersModel, and agrees on cpu and onnxruntime to 1e-4 of each number', async () => {
  const layers = tfl.sequential({
    layers: [
      tfl.layers.dense({
        inputShape: [8],
        units: 12,
        activation: 'tanh',
        kernelInitializer: tfl.initializers.glorotNormal({ seed: 1 }),
      }),
      tfl.layers.dense({ units: 2, kernelInitializer: tfl.initializers.glorotNormal({ seed: 2 }) }),
    ],
  });
  const values = await Promise.all(
    layers.getWeights().map(async (weight) => ({ shape: weight.shape, data: await weight.data() })),
  );
  registerOnnxRuntime({ deterministic: true, threads: 1 });
  const reports: RobustnessReport[] = [];
  for (const backend of ['cpu', 'onnxruntime']) {
    await tf.setBackend(backend);
    layers.setWeights(values.map(({ shape, data }) => tf.tensor(data, shape)));
    const model = await fromLayersModel(layers, { bounds: [-30, 30] });
    const options = { subspace: { components: 5 }, examples: 30, limit: 200, project: true };
    reports.push((await orthogonalRobustness(options).analyze(await contextOf(model))) as RobustnessReport);
  }
  const [cpu, native] = reports.map(numbersOf) as [number[], number[]];
  expect(native).toHaveLength(cpu.length);
  cpu.forEach((value, i) => expect(Math.abs(native[i]! - value)).toBeLessThanOrEqual(1e-4 * Math.abs(value) + 1e-6));
  expect(reports[0]!.orthogonal.median).toBeGreaterThan(0);
});

it('draws the chess board, with arms of one own', async () => {
  const arms = [{ name: 'plain' }, { name: 'small', initScale: 0.7 }];
  const options = { experiment: 'chess', arms, seeds: 2, maxSteps: 40, cells: 9 } as const;
  const { models: _, ...rest } = await contextOf(mlp({ inputShape: [8], hidden: [2], numClasses: 2 })(0));
  const report = (await boundary({ ...options, arms: [...arms] }).analyze({ ...rest, models: {} })) as BoundaryReport;
  expect(report.runs.map(({ seed, arm }) => `${seed} ${arm}`)).toEqual(['0 plain', '0 small', '1 plain', '1 small']);
  expect(report.figures[0]!.rows).toHaveLength(2 * 9);
  for (const { ahead, behind } of report.runs) {
    expect(ahead).toHaveLength(25);
    for (const distance of [...ahead, ...behind]) expect(distance).toBeLessThanOrEqual(5);
  }
});

/** Every number of a JSON value, in order. */
function numbersOf(value: Json): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((part) => numbersOf(part as Json));
}
