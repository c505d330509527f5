import '@tensorflow/tfjs-backend-cpu';
import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../../test/contract/contract.js';
import {
  fixture,
  largestDifference,
  recorded,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from '../../test/support/smooth-net.js';
import { bump, l1Bump, l2Bump, sidewaysBump } from './bump-moves.js';
import { square } from './square.js';
import { rescaled, roundHalfToEven, shareAt, windowSize } from './windows.js';

interface Searches {
  readonly weights: SmoothWeights;
  readonly queries: number;
  readonly seed: number;
  readonly runs: readonly {
    readonly norm: 'linf' | 'l2' | 'l1';
    readonly epsilon: number;
    readonly x: Nested;
    readonly y: Nested;
    readonly points: Readonly<Record<string, Nested>>;
    readonly best: Nested;
  }[];
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(square, {
  rows: [
    { attack: square({ queries: 25 }), differsBySeed: true },
    { attack: square({ queries: 10 }), inputShape: [20] },
    { attack: square({ queries: 10 }), inputShape: [3, 7] },
  ],
});

describe('PyTorch fixtures with the same draws', () => {
  const { weights, queries, seed, runs } = fixture<Searches>('square.json');
  it.each(runs)('the same proposals and decisions in $norm', async ({ norm, epsilon, x, y, points, best }) => {
    const { model, inputs } = recorded({ ...smoothNet(weights), inputShape: [12, 12, 2] });
    const attack = square({ queries });
    const found = await attack.maximize(model, tensorOf(x), tensorOf(y, 'int32'), { norm, epsilon }, { seed });
    expect(inputs.length).toBe(queries + 1);
    for (const [query, wanted] of Object.entries(points))
      expect(largestDifference(inputs[Number(query)]!, wanted), `query ${query}`).toBeLessThan(1e-5);
    expect(largestDifference(await found.data(), best)).toBeLessThan(1e-5);
  });
});

describe('schedule', () => {
  it('halves the share at the iterations of the paper', () => {
    const shares = [0, 10, 11, 50, 51, 200, 201, 500, 501, 1000, 1001, 2000, 2001, 4000, 4001, 6000, 6001, 8000, 8001];
    const parts = [1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 128, 128, 256, 256, 512];
    expect(shares.map((iteration) => shareAt(iteration, 0.8))).toEqual(parts.map((part) => 0.8 / part));
  });
  it('is stretched to fewer queries', () => {
    expect([0, 1, 2, 50, 99].map((iteration) => rescaled(iteration, 100))).toEqual([0, 100, 200, 5000, 9900]);
  });
  it('rounds halves to even', () => {
    expect([0.5, 1.5, 2.5, 3.5, 2.4, 2.6].map(roundHalfToEven)).toEqual([0, 2, 2, 4, 2, 3]);
  });
  it.each([
    [2.25 / 64, [8, 8], 1, false, [2, 2]],
    [6.25 / 64, [8, 8], 1, false, [2, 2]],
    [0.8, [28, 28], 1, false, [25, 25]],
    [0.8, [28, 28], 3, true, [25, 25]],
    [0.8 / 512, [28, 28], 1, false, [1, 1]],
    [0.8 / 512, [28, 28], 3, true, [3, 3]],
    [0.2, [28, 28], 3, true, [13, 13]],
    [0.8, [1, 100], 1, false, [1, 80]],
    [0.8, [4, 25], 1, false, [4, 20]],
    [0.8, [25, 4], 1, false, [20, 4]],
    [0.8, [2, 2], 3, true, [2, 2]],
    [1, [1, 1], 3, true, [1, 1]],
  ] as const)('a share of %d of %j, at least %d, odd: %s', (share, [height, width], least, isOdd, expected) => {
    const size = windowSize(share, { height, width, channels: 1 }, { least, isOdd });
    expect([size.height, size.width]).toEqual(expected);
  });
});

describe('bump', () => {
  it('has two opposite halves and length 1', () => {
    const pattern = bump({ height: 7, width: 7 }, l2Bump);
    expect(Math.hypot(...pattern.flat())).toBeCloseTo(1);
    expect(pattern[1]![3]).toBeGreaterThan(0);
    expect(pattern[5]![3]).toBeLessThan(0);
    expect(Math.max(...pattern.flat())).toBe(pattern[1]![3]);
    expect(
      bump({ height: 5, width: 5 }, l1Bump)
        .flat()
        .reduce((sum, value) => sum + Math.abs(value), 0),
    ).toBeCloseTo(1);
  });
  it('lies sideways when transposed', () => {
    const [upright, sideways] = [bump({ height: 5, width: 5 }, l2Bump), sidewaysBump({ height: 5, width: 5 }, l2Bump)];
    upright.forEach((row, i) => row.forEach((value, j) => expect(sideways[j]![i]).toBe(value)));
  });
});

it('asks nothing when every example is misclassified', async () => {
  let passes = 0;
  const model: Classifier = {
    inputShape: [4, 4, 1],
    numClasses: 2,
    bounds: [0, 1],
    weights: {},
    logits: (x) => {
      passes++;
      return tf.tile(tf.tensor2d([[0, 1]]), [x.shape[0]!, 1]);
    },
  };
  const result = await square().run(model, tf.zeros([3, 4, 4, 1]), tf.zeros([3], 'int32'), {
    norm: 'linf',
    epsilon: 0.1,
  });
  expect([...result.success]).toEqual([1, 1, 1]);
  expect([...result.queries]).toEqual([0, 0, 0]);
  expect(passes).toBe(2); // the clean pass and the final check
});
