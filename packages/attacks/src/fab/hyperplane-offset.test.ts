import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { hyperplaneOffset } from './hyperplane-offset.js';

type HyperplaneNorm = Parameters<typeof hyperplaneOffset>[0];

interface Problem {
  readonly point: readonly number[];
  readonly slope: readonly number[];
  readonly value: number;
}

const lengthOf: Record<HyperplaneNorm, (offset: readonly number[]) => number> = {
  linf: (offset) => Math.max(...offset.map(Math.abs)),
  l2: (offset) => Math.hypot(...offset),
  l1: (offset) => offset.reduce((sum, value) => sum + Math.abs(value), 0),
};

/** How far each coordinate may move in its direction, and how much a unit of it gains. */
function movesOf({ point, slope, value }: Problem): { rooms: number[]; gains: number[]; signs: number[] } {
  const signs = slope.map((s) => -Math.sign(value * s));
  return {
    signs,
    gains: slope.map(Math.abs),
    rooms: point.map((p, i) => (signs[i] === 0 ? 0 : signs[i]! > 0 ? 1 - p : p)),
  };
}

/**
 * The shortest length by trying every set of coordinates that are at their bound: the others then
 * share what is missing in the way that is optimal without bounds.
 */
function shortestByEnumeration(norm: HyperplaneNorm, problem: Problem): number {
  const { rooms, gains } = movesOf(problem);
  const wanted = Math.abs(problem.value);
  const n = rooms.length;
  let shortest = Infinity;
  for (let set = 0; set < 2 ** n; set++) {
    const isFull = rooms.map((_, i) => Boolean(set & (1 << i)));
    const missing = wanted - rooms.reduce((sum, room, i) => sum + (isFull[i] ? room * gains[i]! : 0), 0);
    const free = rooms.flatMap((_, i) => (isFull[i] ? [] : [i]));
    if (missing < -1e-9) continue;
    const total = (exponent: number): number => free.reduce((sum, i) => sum + gains[i]! ** exponent, 0);
    const candidates: number[][] = [];
    const fill = (moveOf: (i: number) => number): number[] => rooms.map((room, i) => (isFull[i] ? room : moveOf(i)));
    if (missing <= 1e-9) candidates.push(fill(() => 0));
    if (free.length > 0 && total(1) > 0) {
      if (norm === 'linf') candidates.push(fill(() => missing / total(1)));
      if (norm === 'l2') candidates.push(fill((i) => (missing * gains[i]!) / total(2)));
      if (norm === 'l1') for (const only of free) candidates.push(fill((i) => (i === only ? missing / gains[i]! : 0)));
    }
    for (const moved of candidates)
      if (moved.every((move, i) => move <= rooms[i]! + 1e-9)) shortest = Math.min(shortest, lengthOf[norm](moved));
  }
  return shortest;
}

const coordinate = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const problem = fc.integer({ min: 1, max: 6 }).chain((n) =>
  fc.record({
    point: fc.array(coordinate, { minLength: n, maxLength: n }),
    slope: fc.array(
      fc.oneof(
        fc.constant(0),
        fc.double({ min: 0.05, max: 2, noNaN: true }),
        fc.double({ min: -2, max: -0.05, noNaN: true }),
      ),
      {
        minLength: n,
        maxLength: n,
      },
    ),
    value: fc.double({ min: -3, max: 3, noNaN: true }).filter((value) => Math.abs(value) > 1e-3),
  }),
);

function offsetFor(norm: HyperplaneNorm, { point, slope, value }: Problem): number[] {
  return tf.tidy(() => {
    const offset = hyperplaneOffset(
      norm,
      { at: tf.tensor2d([[...point]]), values: tf.tensor1d([value]), gradient: tf.tensor2d([[...slope]]) },
      [0, 1],
    );
    return Array.from(offset.dataSync());
  });
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it.each(['linf', 'l2', 'l1'] as const)('is the shortest way to the hyperplane inside the bounds in %s', (norm) => {
  fc.assert(
    fc.property(problem, (given) => {
      const offset = offsetFor(norm, given);
      const { rooms, gains } = movesOf(given);
      offset.forEach((move, i) => {
        expect(given.point[i]! + move).toBeGreaterThanOrEqual(-1e-6);
        expect(given.point[i]! + move).toBeLessThanOrEqual(1 + 1e-6);
      });
      const end = given.value + offset.reduce((sum, move, i) => sum + move * given.slope[i]!, 0);
      const reach = rooms.reduce((sum, room, i) => sum + room * gains[i]!, 0);
      // The best corner where the bounds do not reach to the plane.
      expect(Math.abs(end)).toBeLessThan(Math.max(0, Math.abs(given.value) - reach) + 2e-5);
      if (reach < Math.abs(given.value) + 1e-3) return;
      expect(lengthOf[norm](offset)).toBeCloseTo(shortestByEnumeration(norm, given), 4);
    }),
    { numRuns: 300 },
  );
});

it.each(['linf', 'l2', 'l1'] as const)(
  'stays finite without a gradient, on the plane, and for tiny gradients in %s',
  (norm) => {
    expect(offsetFor(norm, { point: [0.5, 0.2], slope: [0, 0], value: 1 })).toEqual([0, 0]);
    expect(offsetFor(norm, { point: [0.5, 0.2], slope: [1, 1], value: 0 }).map(Math.abs)).toEqual([0, 0]);
    const scaled = offsetFor(norm, { point: [0.5, 0.2], slope: [3e-25, -1e-25], value: 1e-25 });
    const plain = offsetFor(norm, { point: [0.5, 0.2], slope: [3, -1], value: 1 });
    scaled.forEach((move, i) => expect(move).toBeCloseTo(plain[i]!, 5));
  },
);
