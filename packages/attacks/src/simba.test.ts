import '@tensorflow/tfjs-backend-cpu';
import { createRowRandom } from '@advrob/core/random';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import {
  fixture,
  largestDifference,
  recorded,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from '../test/support/smooth-net.js';
import { cosineDirections, directionOrder, frequencyLevels, pixelDirections, pixelLevels, simba } from './simba.js';

interface Searches {
  readonly weights: SmoothWeights;
  readonly queries: number;
  readonly seed: number;
  readonly runs: readonly {
    readonly basis: 'pixel' | 'dct';
    readonly norm: 'linf' | 'l2';
    readonly epsilon: number;
    readonly step: number;
    readonly lowest: number;
    readonly x: Nested;
    readonly y: Nested;
    readonly points: Readonly<Record<string, Nested>>;
  }[];
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(simba, {
  rows: [
    { attack: simba({ queries: 60 }), reach: 0.5, differsBySeed: true },
    { attack: simba({ queries: 20, basis: 'dct' }), differsBySeed: true },
    { attack: simba({ queries: 12, basis: 'dct', lowest: 0.5 }), norms: ['l2'], inputShape: [20] },
  ],
});

describe('PyTorch fixtures with the same draws', () => {
  const { weights, queries, seed, runs } = fixture<Searches>('simba.json');
  it.each(runs)('the same questions and decisions: $basis, $norm', async (run) => {
    const { basis, norm, epsilon, step, lowest, x, y, points } = run;
    const { model, inputs } = recorded(smoothNet(weights));
    const attack = simba({ queries, basis, stepSize: step, lowest });
    await attack.maximize(model, tensorOf(x), tensorOf(y, 'int32'), { norm, epsilon }, { seed });
    // One pass for the clean logits.
    expect(inputs.length).toBe(queries + 1);
    for (const [query, wanted] of Object.entries(points))
      expect(largestDifference(inputs[Number(query) + 1]!, wanted), `query ${query}`).toBeLessThan(1e-5);
  });
});

describe.each([
  ['pixels', pixelDirections],
  ['waves', cosineDirections],
] as const)('%s', (_, directionsOf) => {
  it.each([
    [4, 4, 2],
    [3, 5, 1],
    [1, 7, 1],
  ])('are an orthonormal basis of %i x %i x %i', async (height, width, channels) => {
    const size = height * width * channels;
    const all = directionsOf({ height, width, channels })(tf.range(0, size));
    expect(all.shape).toEqual([size, height, width, channels]);
    const flat = tf.reshape(all, [size, size]) as tf.Tensor2D;
    const products = tf.matMul(flat, flat, false, true);
    expect(largestDifference(await products.data(), tf.eye(size).arraySync())).toBeLessThan(1e-5);
  });
});

describe('the order of directions', () => {
  const frame = { height: 8, width: 8, channels: 3 };
  const rng = () => createRowRandom({ seed: 1, ids: Int32Array.of(0, 1) });

  it('has each direction once per turn, and differs between examples and turns', () => {
    const order = directionOrder(rng(), pixelLevels(frame), 400).arraySync() as number[][];
    for (const row of order) {
      expect(new Set(row.slice(0, 192)).size).toBe(192);
      expect(new Set(row.slice(192, 384)).size).toBe(192);
      expect(row.length).toBe(400);
      expect(row.slice(0, 192)).not.toEqual(row.slice(192, 384));
    }
    expect(order[0]).not.toEqual(order[1]);
  });

  it('begins with the low frequencies, of all channels', () => {
    const levels = frequencyLevels(frame, 0.25);
    // u and v below 2, three channels.
    expect(levels.filter((level) => level === 0).length).toBe(12);
    const [first] = directionOrder(rng(), levels, 192).arraySync() as number[][];
    expect([...first!.slice(0, 12)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 24, 25, 26, 27, 28, 29]);
    const ordered = first!.map((index) => levels[index]!);
    expect(ordered).toEqual([...ordered].sort((a, b) => a - b));
  });
});

describe('queries', () => {
  // Raising any value takes 0.1 from the lead: each direction needs its second side.
  const rising = linearClassifier({ weights: Array.from({ length: 9 }, () => [0, 0.5]), bias: [0.45, 0] });
  const x = tf.zeros([2, 9]);
  const y = tf.tensor1d([0, 0], 'int32');

  it('are one for the first side and one more for the second, until the example is found', async () => {
    const { success, queries } = await simba({ queries: 100 }).run(rising, x, y, { norm: 'l2', epsilon: 3 });
    expect([...success]).toEqual([1, 1]);
    // The lead is used up by the fifth value.
    expect([...queries]).toEqual([10, 10]);
  });

  it('save the second side where the first helped', async () => {
    const falling = linearClassifier({ weights: Array.from({ length: 9 }, () => [0, -0.5]), bias: [-4.05, 0] });
    const { success, queries } = await simba({ queries: 100 }).run(falling, tf.ones([2, 9]), y, {
      norm: 'l2',
      epsilon: 3,
    });
    expect([...success]).toEqual([1, 1]);
    expect([...queries]).toEqual([5, 5]);
  });

  it('end with the budget', async () => {
    // The last point is judged once more.
    const { success, queries } = await simba({ queries: 7 }).run(rising, x, y, { norm: 'l2', epsilon: 3 });
    expect([...success]).toEqual([0, 0]);
    expect([...queries]).toEqual([8, 8]);
  });

  it('the change stays in the ball, and uses it', async () => {
    const hard = linearClassifier({ weights: Array.from({ length: 9 }, () => [0, 0.5]), bias: [100, 0] });
    const adv = await simba({ queries: 100 }).maximize(hard, x, y, { norm: 'l2', epsilon: 0.5 });
    const lengths = tf.sqrt(tf.sum(tf.square(adv), 1));
    for (const length of await lengths.data()) {
      expect(length).toBeLessThanOrEqual(0.5 + 1e-5);
      expect(length).toBeGreaterThan(0.45);
    }
  });
});
