import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { twoLayer } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { activeNeurons, frozenChange, theoryNetwork } from './theory-network.js';
import {
  complementDimension,
  projectAway,
  projectOnto,
  randomSubspace,
  spanOf,
  subspacePoints,
  withoutInputs,
} from '@advrob/datasets';
import { flipBound, orthogonalGradientBounds, shrinkage } from './bounds.js';
import { logLogSlope, slopeOf } from '@advrob/core/statistics';
import { measureTheory } from './measure-theory.js';
import { orthogonalGradient } from '../measure/orthogonal-gradient.js';
import { scaleOrthogonal } from '../network/scale-orthogonal.js';
import { summarize } from '../measure/statistics.js';
import { theory } from '../analyses/theory.js';
import { trainToMargin } from '../network/train-to-margin.js';
import { trainTwoLayer } from '../network/train-two-layer.js';

beforeAll(() => tf.setBackend('cpu'));

const memo = <T>(_: string, compute: () => Promise<T>): Promise<T> => compute();
const size = 20;

async function problem(seed: number, { complement = 10, rotated = false, initScale = 1 } = {}) {
  const points = await subspacePoints({ size, complement, count: 8, rotated, seed });
  const options = { inputShape: [size], width: 60, bias: false, secondLayer: 'fixed' as const, initScale };
  const model = twoLayer({ ...options, bounds: [-50, 50] })(seed);
  const initial = tf.clone(model.weights['fc1.weight'] as unknown as Tensor);
  const x = tf.tensor2d(points.inputs, [8, size]);
  const y = tf.tensor1d(points.labels, 'int32');
  return { ...points, model, initial, x, y, deviation: initScale / Math.sqrt(size) };
}

describe('subspaces', () => {
  const matrix = fc
    .integer({ min: 2, max: 7 })
    .chain((d) =>
      fc.record({
        rows: fc.array(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: d, maxLength: d }), {
          minLength: 1,
          maxLength: d - 1,
        }),
        point: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: d, maxLength: d }),
      }),
    )
    .filter(({ rows }) => rows.some((row) => Math.hypot(...row) > 0.1));

  it('split every point into two orthogonal parts that do not change when they are projected again', () => {
    fc.assert(
      fc.property(matrix, ({ rows, point }) => {
        tf.tidy(() => {
          const subspace = spanOf(rows);
          const x = tf.tensor2d([point]);
          const [inside, away] = [projectOnto(subspace, x), projectAway(subspace, x)];
          const near = (a: Tensor, b: Tensor) => expect(tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]).toBeLessThan(1e-5);
          near(tf.add(inside, away), x);
          near(projectOnto(subspace, inside), inside);
          near(projectOnto(subspace, away), tf.zerosLike(x));
          near(tf.sum(tf.mul(inside, away)), tf.scalar(0));
        });
      }),
      { numRuns: 60 },
    );
  });

  it('hold the rows that span them, however dependent', async () => {
    const rows = [
      [1, 2, 0, 1],
      [2, 4, 0, 2],
      [0, 1, 1, 0],
      [1, 3, 1, 1],
    ];
    const subspace = spanOf(rows);
    expect(subspace.dimension).toBe(2);
    expect(complementDimension(subspace)).toBe(2);
    const left = tf.tidy(() => projectAway(subspace, tf.tensor2d(rows)));
    for (const value of await left.data()) expect(Math.abs(value)).toBeLessThan(1e-6);
    left.dispose();
  });

  it('of axes keep exact zeros, and images count as vectors', async () => {
    const subspace = withoutInputs(6, [1, 4]);
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
    const [inside, away] = [projectOnto(subspace, x), projectAway(subspace, x)];
    expect(Array.from(await inside.data())).toEqual([1, 0, 3, 4, 0, 6]);
    expect(Array.from(await away.data())).toEqual([0, 2, 0, 0, 5, 0]);
    expect(inside.shape).toEqual([1, 2, 3, 1]);
    expect(() => projectOnto(withoutInputs(5, [0]), x)).toThrow(/ADVROB_SHAPE/);
    tf.dispose([x, inside, away]);
  });

  it('drawn at random repeat by their seed', async () => {
    const [a, b, c] = [await randomSubspace(5, 2, 1), await randomSubspace(5, 2, 1), await randomSubspace(5, 2, 2)];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });
});

describe('P1: components orthogonal to the data are frozen', () => {
  it('exactly, off axes, under training on tensors and on the host', async () => {
    for (const train of ['tensors', 'host']) {
      const { model, initial, subspace, x, y, ...points } = await problem(3);
      const options = { learningRate: 1, stopMargin: 1, maxSteps: 40, checkEvery: 1 };
      if (train === 'tensors') await trainToMargin(model, x, y, options);
      else await trainTwoLayer(model, points, options);
      const trained = model.weights['fc1.weight'] as unknown as Tensor;
      expect(await frozenChange(trained, initial, subspace)).toBe(0);
      const moved = tf.tidy(() => tf.max(tf.abs(tf.sub(trained, initial))));
      expect((await moved.data())[0]).toBeGreaterThan(0.01);
      tf.dispose([moved, initial, x, y]);
      model.dispose!();
    }
  });

  it('up to rounding off a rotated subspace', async () => {
    const { model, initial, subspace, x, y } = await problem(4, { rotated: true });
    await trainToMargin(model, x, y, { learningRate: 1, stopMargin: 1, maxSteps: 40 });
    expect(await frozenChange(model.weights['fc1.weight'] as unknown as Tensor, initial, subspace)).toBeLessThan(1e-5);
    tf.dispose([initial, x, y]);
    model.dispose!();
  });
});

it('P2: active neurons on P do not depend on orthogonal components', async () => {
  const { model, initial, subspace, x, y } = await problem(5);
  const before = activeNeurons(theoryNetwork(model), x);
  const outputs = model.logits(x);
  scaleOrthogonal(model, subspace, -7);
  const after = activeNeurons(theoryNetwork(model), x);
  const again = model.logits(x);
  expect(Array.from(await after.data())).toEqual(Array.from(await before.data()));
  expect(Array.from(await again.data())).toEqual(Array.from(await outputs.data()));
  tf.dispose([before, after, outputs, again, initial, x, y]);
  model.dispose!();
});

it('P3, P5: over many networks the bounds hold at least as often as they promise', async () => {
  let [below, above, count, squares] = [0, 0, 0, 0];
  for (let seed = 0; seed < 25; seed++) {
    const { model, initial, subspace, x, y } = await problem(seed, { initScale: 0.5 });
    const found = orthogonalGradient(model, subspace, x);
    const active = activeNeurons(theoryNetwork(model), x);
    const [gradients, actives] = [await found.orthogonal.data(), await active.data()];
    actives.forEach((k, i) => {
      const options = { active: k, width: 60, complement: 10, deviation: 0.5 / Math.sqrt(size) };
      const { lower, typical, upper } = orthogonalGradientBounds(options);
      below += Number(gradients[i]! < lower);
      above += Number(gradients[i]! > upper);
      squares += (gradients[i]! / typical) ** 2;
      count++;
    });
    tf.dispose([active, { ...found }, initial, x, y]);
    model.dispose!();
  }
  expect(below / count).toBeLessThanOrEqual(Math.exp(-10 / 16));
  expect(above / count).toBeLessThanOrEqual(Math.exp(-10 / 16));
  // The root of the mean square is what the formula says, so the bounds are not merely loose.
  expect(Math.sqrt(squares / count)).toBeGreaterThan(0.9);
  expect(Math.sqrt(squares / count)).toBeLessThan(1.1);
});

it('bounds: the formulas of the paper at one point', () => {
  const bounds = orthogonalGradientBounds({ active: 200, width: 400, complement: 30, deviation: 1 / Math.sqrt(60) });
  expect(bounds.lower).toBeCloseTo(Math.sqrt((200 * 30) / (2 * 400 * 60)), 12);
  expect(bounds.upper).toBeCloseTo(Math.sqrt((2 * 200 * 30) / (400 * 60)), 12);
  expect(bounds.typical).toBeCloseTo(Math.sqrt(30 / (2 * 60)), 12);
  expect(bounds.violation).toBeCloseTo(Math.exp(-30 / 16), 12);
  expect(flipBound(1, bounds)).toBeCloseTo(Math.sqrt((2 * 400 * 60) / (200 * 30)), 12);
  expect(shrinkage({ learningRate: 1, weightDecay: 1e-3, steps: 3000 })).toBeCloseTo(0.999 ** 3000, 12);
  expect(() => orthogonalGradientBounds({ active: 1, width: 0, complement: 1, deviation: 1 })).toThrow(/ADVROB_OPTION/);
});

it('P4: at every point the measured flip distance stays below a multiple of the bound, and both classes fall to one direction', async () => {
  const { model, initial, subspace, x, y, deviation, ...points } = await problem(6);
  await trainTwoLayer(model, points, { learningRate: 1, stopMargin: 0.3, maxSteps: 200 });
  const before = tf.memory().numTensors;
  const measured = await measureTheory(model, { initial, subspace, x, deviation });
  expect(tf.memory().numTensors).toBe(before);
  expect(measured.frozenChange).toBe(0);
  for (const point of measured.points) {
    expect(point.predictedFlip).toBeCloseTo(point.lead / point.gradient, 5);
    expect(point.flip).toBeLessThan(3 * point.flipBound);
    expect(point.universalFlip).not.toBeNull();
  }
  tf.dispose([initial, x, y]);
  model.dispose!();
});

it('P5, P6 in the analysis: gradients follow scale and decay, flips go the other way', async () => {
  const options = { size: 20, complement: 10, width: 60, count: 8, weightDecays: [0.01], decaySteps: 150, seeds: 2 };
  const { slopes, decay, runs, violations } = await theory({ ...options, initScales: [1, 0.1, 0.01] }).analyze({
    models: {},
    memo,
  } as never);
  expect(runs).toHaveLength(8);
  for (const { gradient, flip } of slopes) {
    expect(Math.abs(gradient! - 1)).toBeLessThan(0.1);
    expect(flip).toBeLessThan(-0.8);
  }
  for (const { measured, predicted } of decay) {
    expect(predicted).toBeCloseTo(0.99 ** 150, 10);
    expect(measured / predicted).toBeGreaterThan(0.75);
    expect(measured / predicted).toBeLessThan(1.25);
  }
  for (const { weightDecay, frozenChange: change } of runs) expect(change).toBeLessThan(weightDecay > 0 ? 1e-6 : 1e-30);
  expect(violations.allowed).toBeCloseTo(Math.exp(-10 / 16), 10);
});

it('refuses models that the theory does not treat', () => {
  const model = twoLayer({ inputShape: [4], bounds: [-1, 1] })(0);
  expect(() => theoryNetwork(model)).toThrow(/orthogonal-robustness.*ADVROB_ANALYSIS/s);
  expect(() => scaleOrthogonal(model, withoutInputs(5, [0]), 0.5)).toThrow(/ADVROB_ANALYSIS/);
  model.dispose!();
});

it('slopes and summaries', () => {
  expect(
    slopeOf([
      [0, 1],
      [1, 3],
      [2, 5],
    ]),
  ).toBeCloseTo(2, 12);
  expect(
    slopeOf([
      [1, 1],
      [1, 2],
    ]),
  ).toBeNull();
  expect(
    logLogSlope([
      [1, 7],
      [10, 0.7],
      [100, 0.07],
    ]),
  ).toBeCloseTo(-1, 12);
  expect(summarize([3, null, 1])).toEqual({ count: 3, share: 2 / 3, min: 1, median: 3, max: null, mean: null });
  expect(summarize([3, 1])).toEqual({ count: 2, share: 1, min: 1, median: 2, max: 3, mean: 2 });
  expect(summarize([null, null, 1])).toMatchObject({ median: null, min: 1 });
});
