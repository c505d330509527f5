import type { Activation } from '@advrob/models/layer-graph';
import { describe, expect, it } from 'vitest';
import { freeSlopes, linesAround, type Slopes } from './activations.js';
import { roundDown, roundUp } from './rounding.js';

const functions: readonly [Activation, (z: number) => number][] = [
  [{ kind: 'relu' }, (z) => Math.max(0, z)],
  [{ kind: 'abs' }, Math.abs],
  [{ kind: 'leakyRelu', slope: 0.25 }, (z) => Math.max(z, z / 4)],
  [{ kind: 'clip', min: 0, max: 6 }, (z) => Math.min(6, Math.max(0, z))],
  [{ kind: 'clip', min: -1, max: 0.5 }, (z) => Math.min(0.5, Math.max(-1, z))],
  [{ kind: 'clip', min: -Infinity, max: 1 }, (z) => Math.min(1, z)],
  [{ kind: 'sigmoid' }, (z) => 1 / (1 + Math.exp(-z))],
  [{ kind: 'tanh' }, Math.tanh],
  [{ kind: 'elu' }, (z) => (z > 0 ? z : Math.expm1(z))],
  [{ kind: 'softplus' }, (z) => Math.log1p(Math.exp(z))],
];

describe.each(functions)('lines around %o', (activation, value) => {
  it('hold it everywhere, and touch it', () => {
    let seed = 1;
    const random = (): number => ((seed = (seed * 16807) % 2147483647) / 2147483647) * 2 - 1;
    for (let i = 0; i < 300; i++) {
      const scale = 10 ** (random() * 1.2);
      const [a, b] = [random() * scale, random() * scale].map(Math.fround);
      const [l, u] = [Math.min(a!, b!), Math.max(a!, b!)];
      for (const slopes of ['adaptive', 'zero', 'one', 'same'] as Slopes[]) {
        const lines = linesAround(activation, l, u, slopes);
        let [below, above] = [Infinity, Infinity];
        for (let k = 0; k <= 400; k++) {
          const z = l + ((u - l) * k) / 400;
          below = Math.min(below, value(z) - lines.lowSlope * z - lines.lowShift);
          above = Math.min(above, lines.highSlope * z + lines.highShift - value(z));
        }
        const size = Math.max(1, Math.abs(l), Math.abs(u));
        expect(below).toBeGreaterThanOrEqual(-1e-15 * size);
        expect(above).toBeGreaterThanOrEqual(-1e-15 * size);
        // Within what the grid leaves out.
        expect(above).toBeLessThan(1e-2 * size);
        if (slopes !== 'same') expect(below).toBeLessThan(1e-2 * size);
      }
    }
  });
});

it('are the tables of the literature', () => {
  const lines = (activation: Activation, l: number, u: number, slopes: Slopes = 'adaptive') => {
    const found = linesAround(activation, l, u, slopes);
    return [found.lowSlope, found.lowShift, found.highSlope, found.highShift].map(
      (each) => Number(each.toFixed(6)) + 0,
    );
  };
  expect(lines({ kind: 'relu' }, -1, 3)).toEqual([1, 0, 0.75, 0.75]);
  expect(lines({ kind: 'relu' }, -3, 1)).toEqual([0, 0, 0.25, 0.75]);
  expect(lines({ kind: 'relu' }, -1, 3, 'zero')).toEqual([0, 0, 0.75, 0.75]);
  expect(lines({ kind: 'relu' }, -3, 1, 'same')).toEqual([0.25, 0, 0.25, 0.75]);
  expect(lines({ kind: 'relu' }, -3, -1)).toEqual([0, 0, 0, 0]);
  expect(lines({ kind: 'relu' }, 1, 3)).toEqual([1, 0, 1, 0]);
  expect(lines({ kind: 'clip', min: 0, max: 6 }, -2, 8)).toEqual([0.75, 0, 0.75, 1.5]);
  expect(lines({ kind: 'clip', min: 0, max: 6 }, 5, 8)).toEqual([0.333333, 3.333333, 0, 6]);
  expect(lines({ kind: 'leakyRelu', slope: 0.5 }, -2, 1)).toEqual([0.5, 0, 0.666667, 0.333333]);
  expect(freeSlopes({ kind: 'leakyRelu', slope: 0.5 })).toEqual([0.5, 1]);
});

it('rounds outward', () => {
  for (const value of [0.1, -0.1, 1e-46, -1e-46, 1 + 1e-12, -1 - 1e-12, 1e39, 3]) {
    expect(roundDown(value)).toBeLessThanOrEqual(value);
    expect(roundUp(value)).toBeGreaterThanOrEqual(value);
    expect(Math.fround(roundDown(value))).toBe(roundDown(value));
    if (Math.abs(value) < 1e38)
      expect(roundUp(value) - roundDown(value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -22 + 3e-45);
  }
});
