import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Norm } from '../contract/index.js';
import { createThreat } from './threat-model.js';

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
/** Values at the bounds are common in images, so they are common here. */
const pixel = fc.oneof(fc.constant(0), fc.constant(1), fraction);
const wild = fc.oneof(pixel, fc.double({ min: -3, max: 4, noNaN: true }));
const row = fc.integer({ min: 1, max: 12 }).chain((d) =>
  fc.record({
    x: fc.array(pixel, { minLength: d, maxLength: d }),
    adv: fc.array(wild, { minLength: d, maxLength: d }),
    epsilon: fc.oneof(fc.constantFrom(0.01, 0.3, 1, 2.5), fc.double({ min: 0.001, max: 6, noNaN: true })),
  }),
);

async function project(norm: Norm, epsilon: number, adv: number[], x: number[], bounds: [number, number] = [0, 1]) {
  const threat = createThreat({ norm, epsilon }, bounds);
  const [a, b] = [tf.tensor2d([adv]), tf.tensor2d([x])];
  const point = threat.project(a, b);
  const values = { point: [...(await point.data())], adv: [...(await a.data())], x: [...(await b.data())] };
  tf.dispose([a, b, point]);
  return values;
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const squaredDistance = (a: number[], b: number[]) => sum(a.map((value, i) => (value - b[i]!) ** 2));
const clip = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/**
 * The water level of the L1 ball and the unit box in float64: breakpoints sorted, the linear piece
 * solved.
 */
function exactL1(adv: number[], x: number[], epsilon: number): number[] {
  const change = adv.map((value, i) => value - x[i]!);
  const room = change.map((value, i) => (value > 0 ? 1 - x[i]! : x[i]!));
  const spread = (level: number) => change.map((value, i) => clip(Math.abs(value) - level, 0, room[i]!));
  let level = 0;
  if (sum(spread(0)) > epsilon) {
    const breaks = [0, ...change.flatMap((value, i) => [Math.abs(value), Math.abs(value) - room[i]!])]
      .filter((value) => value >= 0)
      .sort((a, b) => a - b);
    const at = breaks.findIndex((value) => sum(spread(value)) <= epsilon);
    const [from, to] = [breaks[at - 1]!, breaks[at]!];
    const [more, less] = [sum(spread(from)), sum(spread(to))];
    level = from + ((to - from) * (more - epsilon)) / (more - less);
  }
  return spread(level).map((size, i) => x[i]! + Math.sign(change[i]!) * size);
}

/** The nearest point over all choices of at most k places, by trying them all. */
function exactL0Distance(adv: number[], x: number[], k: number): number {
  let best = Infinity;
  for (let choice = 0; choice < 2 ** x.length; choice++) {
    const isChosen = x.map((_, i) => ((choice >> i) & 1) === 1);
    if (isChosen.filter(Boolean).length > k) continue;
    const point = x.map((value, i) => (isChosen[i] ? clip(adv[i]!, 0, 1) : value));
    best = Math.min(best, squaredDistance(point, adv));
  }
  return best;
}

describe('projections', () => {
  it('linf: is the nearest point of ball and bounds', async () => {
    await fc.assert(
      fc.asyncProperty(row, async ({ epsilon, ...points }) => {
        const { point, adv, x } = await project('linf', epsilon, points.adv, points.x);
        point.forEach((value, i) => {
          const nearest = clip(adv[i]!, Math.max(0, x[i]! - epsilon), Math.min(1, x[i]! + epsilon));
          expect(Math.abs(value - nearest)).toBeLessThanOrEqual(5e-7);
        });
      }),
    );
  });

  it('l2: scales to the ball, then clips to the bounds', async () => {
    await fc.assert(
      fc.asyncProperty(row, async ({ epsilon, ...points }) => {
        const { point, adv, x } = await project('l2', epsilon, points.adv, points.x);
        const scale = Math.min(1, epsilon / Math.sqrt(squaredDistance(adv, x)));
        point.forEach((value, i) => {
          const expected = clip(squaredDistance(adv, x) === 0 ? x[i]! : x[i]! + (adv[i]! - x[i]!) * scale, 0, 1);
          expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-6);
        });
        expect(Math.sqrt(squaredDistance(point, x))).toBeLessThanOrEqual(epsilon * (1 + 1e-6) + 1e-6);
      }),
    );
  });

  it('l1: is the exact water level of ball and bounds together', async () => {
    await fc.assert(
      fc.asyncProperty(row, async ({ epsilon, ...points }) => {
        const { point, adv, x } = await project('l1', epsilon, points.adv, points.x);
        const expected = exactL1(adv, x, epsilon);
        point.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(2e-6));
        expect(sum(point.map((value, i) => Math.abs(value - x[i]!)))).toBeLessThanOrEqual(epsilon + 1e-6);
        expect(Math.min(...point)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...point)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });

  it('l1: no feasible point lies nearer (KKT: the angle to every other is blunt)', async () => {
    await fc.assert(
      fc.asyncProperty(row, fc.array(fraction, { minLength: 12, maxLength: 12 }), async ({ epsilon, ...points }, u) => {
        const { point, adv, x } = await project('l1', epsilon, points.adv, points.x);
        // Any feasible point: towards a corner of the box, shortened to the ball.
        const other = x.map((value, i) => u[i]! - value);
        const shorten = Math.min(1, epsilon / Math.max(sum(other.map(Math.abs)), 1e-12));
        const feasible = x.map((value, i) => value + other[i]! * shorten);
        const angle = sum(point.map((value, i) => (adv[i]! - value) * (feasible[i]! - value)));
        expect(angle).toBeLessThanOrEqual(1e-4);
      }),
    );
  });

  it('l1: separates changes that differ by a few millionths', async () => {
    const x = Array.from({ length: 40 }, () => 0);
    const sizes = x.map((_, i) => 0.5 + i * 4e-6);
    const { point, adv } = await project('l1', 4e-4, sizes, x);
    const exact = exactL1(adv, x, 4e-4);
    point.forEach((value, i) => expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(1e-6));
  });

  it('l0: is as near as the best of all choices of places', async () => {
    const count = fc.integer({ min: 1, max: 5 });
    await fc.assert(
      fc.asyncProperty(row, count, async (points, k) => {
        const { point, adv, x } = await project('l0', k, points.adv.slice(0, 8), points.x.slice(0, 8));
        expect(point.filter((value, i) => value !== x[i]).length).toBeLessThanOrEqual(k);
        const best = exactL0Distance(adv, x, k);
        expect(squaredDistance(point, adv)).toBeLessThanOrEqual(best + 1e-5 * (1 + best));
      }),
    );
  });

  it('l0: keeps the first of ties', async () => {
    const { point } = await project('l0', 2, [0.5, 0.7, 0.7, 0.7, 0.6], [0, 0, 0, 0, 0]);
    expect(point.map((value) => Math.round(value * 10))).toEqual([0, 7, 7, 0, 0]);
  });

  it('l0: values a change by what the bounds leave of it', async () => {
    // From 0.9 one can go up by 0.1 only, so going down from 0.5 brings the point nearer.
    const { point } = await project('l0', 1, [3, 0.2], [0.9, 0.5]);
    expect(point[0]).toBe(1);
    const { point: other } = await project('l0', 1, [1.05, 0.2], [0.9, 0.5]);
    expect(other[1]).toBeCloseTo(0.2, 6);
  });

  it.each(['linf', 'l2', 'l1', 'l0'] as const)(
    '%s: projects a projection onto itself, in other bounds too',
    async (norm) => {
      const adv = [9, -7, 3, 0, 2.5];
      const once = await project(norm, 2, adv, [1, -1, 2, 0, 3], [-2, 4]);
      const twice = await project(norm, 2, once.point, [1, -1, 2, 0, 3], [-2, 4]);
      twice.point.forEach((value, i) => expect(value).toBeCloseTo(once.point[i]!, 6));
      expect(Math.max(...once.point)).toBeLessThanOrEqual(4);
      expect(Math.min(...once.point)).toBeGreaterThanOrEqual(-2);
    },
  );

  it('l1: spends epsilon to rounding on images, each value where it belongs', async () => {
    const x = tf.randomUniform([4, 28, 28, 1], 0, 1, 'float32', 3);
    const adv = tf.add(x, tf.randomNormal([4, 28, 28, 1], 0, 0.2, 'float32', 4));
    const threat = createThreat({ norm: 'l1', epsilon: 12 }, [0, 1]);
    const point = threat.project(adv, x);
    expect(point.shape).toEqual([4, 28, 28, 1]);
    const [p, c] = [await point.data(), await x.data()];
    const a = await adv.data();
    for (let n = 0; n < 4; n++) {
      const [got, clean, wanted] = [p, c, a].map((values) => [...values.slice(n * 784, (n + 1) * 784)]);
      expect(Math.abs(sum(got!.map((value, i) => Math.abs(value - clean![i]!))) - 12)).toBeLessThanOrEqual(1e-5);
      const exact = exactL1(wanted!, clean!, 12);
      expect(Math.max(...got!.map((value, i) => Math.abs(value - exact[i]!)))).toBeLessThanOrEqual(5e-7);
    }
  });
});
