import type { Classifier } from '@advrob/core';
import { attackContract } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { suite } from '../../training/test/support/contracts.js';
import { plainLangevin } from './plain-langevin.js';

suite('attack plain-langevin', attackContract(plainLangevin({ steps: 10 }), { differsBySeed: true }));

/**
 * Two classes; the first has logit `score(x)`, the second 0, so that the chance of an error at
 * label 0 is 1 / (1 + exp(score)).
 */
function scored(inputs: number, score: (x: tf.Tensor) => tf.Tensor): Classifier {
  return {
    inputShape: [inputs],
    numClasses: 2,
    bounds: [-5, 5],
    weights: {},
    logits: (x) =>
      tf.tidy(() => {
        const first = score(x);
        return tf.concat([first, tf.zerosLike(first)], 1);
      }),
  };
}

/** Last points of many independent chains around 0 in the ball of radius 1: [chains, inputs]. */
async function chains(model: Classifier, count: number, options: Parameters<typeof plainLangevin>[0]) {
  const before = tf.memory().numTensors;
  const x = tf.zeros([count, model.inputShape[0]!]);
  const y = tf.zeros([count], 'int32');
  const adv = await plainLangevin(options).maximize(model, x, y, { norm: 'linf', epsilon: 1 }, { seed: 3 });
  const points = (await adv.array()) as number[][];
  tf.dispose([x, y, adv]);
  expect(tf.memory().numTensors).toBe(before);
  return points;
}

/**
 * Shares of the density proportional to `error(x)^(1 / temperature)` in equal bins of [-1, 1], by
 * the midpoint rule.
 */
function expectedShares(error: (x: number) => number, bins: number, temperature = 1): number[] {
  const parts = 400;
  const masses = Array.from({ length: bins }, (_, bin) => {
    let mass = 0;
    for (let part = 0; part < parts; part++)
      mass += error(-1 + (2 * (bin + (part + 0.5) / parts)) / bins) ** (1 / temperature);
    return mass;
  });
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => mass / total);
}

function shares(values: readonly number[], bins: number): number[] {
  const counts = Array<number>(bins).fill(0);
  for (const value of values) counts[Math.min(bins - 1, Math.floor(((value + 1) / 2) * bins))]!++;
  return counts.map((count) => count / values.length);
}

/** Three standard errors of a share, and the bias of the step size. */
const tolerance = (share: number, count: number): number => 3 * Math.sqrt((share * (1 - share)) / count) + 0.012;

describe('long chains have the density of the loss that they ascend', () => {
  const bins = 6;
  const count = 1500;
  const slope = (x: tf.Tensor) => tf.mul(x, 3);
  const errorOf = (score: number): number => 1 / (1 + Math.exp(score));

  it.each([1, 0.5])('in one dimension, at temperature %d', async (temperature) => {
    const options = { steps: 200, stepSize: 5e-3 / temperature, temperature };
    const points = await chains(scored(1, slope), count, options);
    const found = shares(points.flat(), bins);
    const expected = expectedShares((x) => errorOf(3 * x), bins, temperature);
    // Far from uniform, and from the other temperature.
    expect(expected[0]! - expected[bins - 1]!).toBeGreaterThan(0.25);
    found.forEach((share, bin) =>
      expect(Math.abs(share - expected[bin]!)).toBeLessThan(tolerance(expected[bin]!, count)),
    );
  });

  it('in two dimensions, with a mode inside of the ball', async () => {
    // log odds 6 r^2 - 2: errors are likely near the middle.
    const model = scored(2, (x) => tf.sub(tf.mul(6, tf.sum(tf.square(x), 1, true)), 2));
    const points = await chains(model, count, { steps: 200, stepSize: 5e-3 });
    const edges = 4;
    const found = new Map<string, number>();
    for (const point of points) {
      const cell = point.map((value) => Math.min(edges - 1, Math.floor(((value + 1) / 2) * edges))).join();
      found.set(cell, (found.get(cell) ?? 0) + 1 / count);
    }
    const fine = 200;
    const expected = new Map<string, number>();
    for (let i = 0; i < fine; i++)
      for (let j = 0; j < fine; j++) {
        const [a, b] = [-1 + (2 * (i + 0.5)) / fine, -1 + (2 * (j + 0.5)) / fine];
        const cell = `${Math.floor((i * edges) / fine)},${Math.floor((j * edges) / fine)}`;
        expected.set(cell, (expected.get(cell) ?? 0) + errorOf(6 * (a * a + b * b) - 2));
      }
    const total = [...expected.values()].reduce((sum, mass) => sum + mass, 0);
    expect(expected.get('1,1')! / expected.get('0,0')!).toBeGreaterThan(5);
    for (const [cell, mass] of expected)
      expect(Math.abs((found.get(cell) ?? 0) - mass / total), cell).toBeLessThan(tolerance(mass / total, count));
  });

  it('and without temperature climb to the likeliest error', async () => {
    const points = await chains(scored(1, slope), 20, { steps: 200, stepSize: 0.02, temperature: 0 });
    for (const [value] of points) expect(value).toBe(-1);
  });
});

it('needs a step size where the threat has no radius', async () => {
  const x = tf.zeros([1, 1]);
  const y = tf.zeros([1], 'int32');
  const wide = { norm: 'linf', epsilon: Infinity } as const;
  const model = scored(1, (z) => z);
  await expect(plainLangevin().maximize(model, x, y, wide)).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  const adv = await plainLangevin({ stepSize: 0.01, steps: 2 }).maximize(model, x, y, wide);
  expect(adv.shape).toEqual([1, 1]);
  tf.dispose([x, y, adv]);
});
