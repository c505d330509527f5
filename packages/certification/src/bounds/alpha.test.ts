import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { denseGraph, goldenNets } from '../../test/nets.js';
import { optimizedBounds } from './alpha.js';
import { boundsInside, lowerExactly } from './crown.js';
import { ballsAround } from './input-set.js';

async function alphaBound(net: number, epsilon: number, isOutward = false) {
  const { x, layers } = goldenNets[net]!;
  const graph = await denseGraph(layers);
  const set = ballsAround(Float32Array.from(x), [2], { norm: 'linf', epsilon, bounds: [-10, 10] });
  const before = tf.memory().numTensors;
  const inside = { method: 'crown', isOutward, slopes: 'adaptive', isCut: false, memory: 2 ** 20 } as const;
  const context = await boundsInside(graph, set, inside);
  const rows = tf.tensor3d([[[1, -1]]]);
  const [start] = await lowerExactly(context, {
    node: graph.nodes.length - 1,
    rows,
    until: 'input',
    slopes: 'adaptive',
  });
  const [bound] = await optimizedBounds(context, rows, {
    steps: 300,
    rates: { alpha: 0.1, beta: 0.05 },
    enough: Infinity,
  });
  rows.dispose();
  context.dispose();
  expect(tf.memory().numTensors).toBe(before);
  graph.dispose();
  return { start: start!, bound: bound! };
}

describe('optimised slopes', () => {
  it.each([
    [0, 0.25, 0.971375],
    [1, 0.25, 0.184211],
    [2, 0.3, -5.9333333],
  ])('reach the best bound of net %i', async (net, epsilon, wanted) => {
    const { bound } = await alphaBound(net, epsilon);
    expect(Math.abs(bound - wanted)).toBeLessThan(1e-5);
  });
  it('are never worse than where they start, and stay below the minimum', async () => {
    for (const isOutward of [false, true]) {
      const { start, bound } = await alphaBound(0, 0.25, isOutward);
      expect(start).toBeCloseTo(0.131233, 4);
      expect(bound).toBeGreaterThanOrEqual(start);
      expect(bound).toBeLessThan(1.5895);
    }
  });
});
