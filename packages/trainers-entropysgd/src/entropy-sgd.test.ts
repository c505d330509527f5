import type { Random } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { createRandom } from '@advrob/core/random';
import { optimizerContract } from '@advrob/core/testing';
import { awp } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suite, testOptimizer, testTrainer } from '../../training/test/support/contracts.js';
import { readFixture } from '../../training/test/support/fixture.js';
import { bareModel, closureWork, valuesOf, type Values } from '../test/support/closure-work.js';
import { entropySgd, entropysgdTrainer } from './entropy-sgd.js';

testOptimizer(entropySgd, {
  options: { innerSteps: 4 },
  variants: { 'entropy-sgd with all options off': { innerSteps: 1, momentum: 0, noise: 0, avgKeep: 0 } },
  rate: 1,
  steps: 40,
});
suite(
  'optimizer entropy-sgd with all options on',
  optimizerContract(
    entropySgd({ innerSteps: 3, nesterov: false, weightDecay: 1e-3, noiseScale: 'paper', noise: 0.01, scoping: 0.1 }),
    { rate: 0.8, steps: 40 },
  ),
);
testTrainer(entropysgdTrainer, {
  options: { innerSteps: 3 },
  variants: {
    'entropysgd with AWP': { innerSteps: 3, awpGamma: 0.01 },
    'entropysgd with SWA': { innerSteps: 2, average: 'swa', swaStart: 0 },
    'entropysgd with AWP and without an averager': { innerSteps: 2, awpGamma: 0.005, average: 'none' },
  },
});

/** Made by tooling/oracle/training/entropy-sgd.py. */
const fixture = readFixture<{
  shapes: Record<string, number[]>;
  batch: number;
  x: number[];
  y: number[];
  initial: Values;
  runs: { options: { innerSteps: number }; rate: number; noise: Values[]; weights: Values[] }[];
}>('entropy-sgd');

function gradientOf(weights: Readonly<Record<string, tf.Variable>>, draw: number): Record<string, Tensor> {
  const first = (draw * fixture.batch) % fixture.y.length;
  const x = tf.tensor2d(fixture.x.slice(4 * first, 4 * (first + fixture.batch)), [fixture.batch, 4]);
  const y = tf.tensor1d(fixture.y.slice(first, first + fixture.batch), 'int32');
  const loss = () => {
    const { w1, b1, w2, b2 } = weights as unknown as Record<string, Tensor2D>;
    const hidden = tf.tanh(tf.add(tf.matMul(x, w1!), b1!)) as Tensor2D;
    return meanCrossEntropy(tf.add(tf.matMul(hidden, w2!), b2!), y) as tf.Scalar;
  };
  const names = Object.keys(weights);
  const { grads } = tf.variableGrads(loss, Object.values(weights));
  return Object.fromEntries(names.map((name) => [name, grads[weights[name]!.name]!]));
}

describe('follows the update in PyTorch', () => {
  it.each(fixture.runs)('$options, rate $rate', async ({ options, rate, noise, weights }) => {
    const before = tf.memory().numTensors;
    const model = bareModel(fixture.initial, fixture.shapes);
    const optimizer = entropySgd(options)(model);
    expect(optimizer.draws).toBe(options.innerSteps);
    for (const [outer, expected] of weights.entries()) {
      const drawn = outer * options.innerSteps;
      const rng: Random = {
        uniform: () => {
          throw new Error('not needed');
        },
        normal(purpose, shape) {
          const [, inner, name] = /^langevin (\d+)\/(.+)$/.exec(purpose)!;
          return tf.tensor([...noise[drawn + Number(inner)]![name!]!], [...shape]);
        },
      };
      await optimizer.step(closureWork(model, rate, rng, (draw) => gradientOf(model.weights, drawn + draw)));
      const found = await valuesOf(model);
      for (const [name, values] of Object.entries(expected))
        values.forEach((value, i) => expect(Math.abs(found[name]![i]! - value)).toBeLessThan(5e-6));
    }
    optimizer.dispose!();
    model.dispose!();
    expect(tf.memory().numTensors).toBe(before);
  });
});

type Options = Parameters<typeof entropySgd>[0];

/** `steps` outer steps on a quadratic with the minimum at 1, 2, 3. */
async function descend(options: Options, { rate = 1, steps = 3, seed = 0 } = {}): Promise<number[]> {
  const model = bareModel({ w: [0.5, -1, 4] });
  const optimizer = entropySgd(options)(model);
  for (let step = 0; step < steps; step++)
    await optimizer.step(
      closureWork(model, rate, createRandom({ seed, step }), () => ({ w: tf.sub(model.weights['w']!, [1, 2, 3]) })),
    );
  const { w } = await valuesOf(model);
  optimizer.dispose!();
  model.dispose!();
  return w!;
}

describe('with one inner step and all else off', () => {
  it('is SGD with the inner rate', async () => {
    const off = { innerSteps: 1, noise: 0, gamma: 0, avgKeep: 0, momentum: 0, weightDecay: 0 };
    await fc.assert(
      fc.asyncProperty(fc.float({ min: Math.fround(0.01), max: 1, noNaN: true }), async (innerRate) => {
        const found = await descend({ ...off, innerRate });
        const expected = [0.5, -1, 4].map((start, i) => i + 1 + (start - i - 1) * (1 - innerRate) ** 3);
        found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6));
      }),
      { numRuns: 20 },
    );
  });
});

describe('noise', () => {
  it('makes runs of two seeds differ, and none makes them equal', async () => {
    const options = { innerSteps: 4, noise: 0.1 };
    expect(await descend(options, { seed: 1 })).toEqual(await descend(options, { seed: 1 }));
    expect(await descend(options, { seed: 1 })).not.toEqual(await descend(options, { seed: 2 }));
    const quiet = { ...options, noise: 0 };
    expect(await descend(quiet, { seed: 1 })).toEqual(await descend(quiet, { seed: 2 }));
  });
});

describe('scoping', () => {
  it('makes the pull grow with the steps: the first step is the same, later ones are shorter', async () => {
    const quiet = { innerSteps: 10, noise: 0, momentum: 0, gamma: 2, innerRate: 0.1 };
    const [loose, tight] = [await descend({ ...quiet, scoping: 0 }), await descend({ ...quiet, scoping: 1 })];
    expect(await descend({ ...quiet, scoping: 0 }, { steps: 1 })).toEqual(
      await descend({ ...quiet, scoping: 1 }, { steps: 1 }),
    );
    loose.forEach((value, i) => expect(Math.abs(value - (i + 1))).toBeLessThan(Math.abs(tight[i]! - (i + 1))));
  });
});

describe('under AWP', () => {
  it('takes the gradient alone at the perturbed weights: pull, decay and average stay with the others', async () => {
    const shape = [2, 2];
    const target = [1, 2, 3, 4];
    const options = {
      innerSteps: 2,
      innerRate: 0.3,
      gamma: 0.5,
      avgKeep: 0.4,
      weightDecay: 0.1,
      noise: 0,
      momentum: 0,
    };
    const length = 0.2;
    const model = bareModel({ w: [0.5, -1, 4, 2] }, { w: shape });
    const optimizer = entropySgd(options)(model);
    const gradient = () => ({ w: tf.sub(model.weights['w']!, tf.tensor(target, shape)) });
    await optimizer.step(awp({ gamma: length })(closureWork(model, 0.7, createRandom({ seed: 0 }), gradient)));
    const { w: found } = await valuesOf(model);
    optimizer.dispose!();
    model.dispose!();

    const norm = (values: number[]) => Math.hypot(...values);
    const anchor = [0.5, -1, 4, 2];
    let theta = anchor;
    let average = anchor;
    for (let i = 0; i < 2; i++) {
      const up = theta.map((value, k) => value - target[k]!);
      const scale = (length * norm(theta)) / norm(up);
      theta = theta.map((value, k) => {
        const slope = value + scale * up[k]! - target[k]! + 0.1 * value;
        return value - 0.3 * (slope - 0.5 * (anchor[k]! - value));
      });
      average = average.map((value, k) => 0.4 * value + 0.6 * theta[k]!);
    }
    anchor.forEach((value, k) => {
      const expected = value - 0.7 * (value - average[k]! + 0.1 * value);
      expect(found![k]).toBeCloseTo(expected, 5);
    });
  });
});

/**
 * E[theta'] under the density proportional to exp(-|theta'| - (gamma / 2) (theta - theta')^2), by
 * the trapezoid rule.
 */
function expectedPoint(theta: number, gamma: number): number {
  let [mass, moment] = [0, 0];
  for (let point = -12; point <= 12; point += 1e-3) {
    const density = Math.exp(-Math.abs(point) - (gamma / 2) * (theta - point) ** 2);
    mass += density;
    moment += density * point;
  }
  return moment / mass;
}

describe('the local entropy of |theta|', () => {
  const gamma = 1;
  const slopeAt = (theta: number): number => gamma * (theta - expectedPoint(theta, gamma));

  it('has by quadrature a gradient without a jump at 0, no steeper than gamma', () => {
    const step = 0.05;
    for (let theta = -3; theta < 3; theta += step) {
      const steepness = (slopeAt(theta + step) - slopeAt(theta)) / step;
      expect(steepness).toBeGreaterThan(0);
      expect(steepness).toBeLessThanOrEqual(gamma);
    }
    // |theta| itself jumps from -1 to 1.
    expect(Math.abs(slopeAt(1e-3) - slopeAt(-1e-3))).toBeLessThan(2.1e-3 * gamma);
    expect(slopeAt(3)).toBeGreaterThan(0.9);
  });

  it.each([-1.5, -0.3, 0, 0.3, 1.5])('has at %f the gradient that the Langevin steps estimate', async (theta) => {
    // Independent chains: a loss that is a sum over coordinates. Noise 1 samples the density at
    // temperature 1.
    const chains = 4000;
    const model = bareModel({ w: Array<number>(chains).fill(theta) });
    const options = { innerSteps: 300, innerRate: 0.02, gamma, scoping: 0, noise: 1, momentum: 0, avgKeep: 0.97 };
    const optimizer = entropySgd(options)(model);
    const sign = () => ({ w: tf.sign(model.weights['w']! as Tensor) });
    await optimizer.step(closureWork(model, 1, createRandom({ seed: 11 }), sign));
    const { w } = await valuesOf(model);
    optimizer.dispose!();
    model.dispose!();
    // At rate 1 the outer step goes to the average of the chain.
    const mean = w!.reduce((sum, value) => sum + value, 0) / chains;
    const deviation = Math.sqrt(w!.reduce((sum, value) => sum + (value - mean) ** 2, 0) / chains);
    const tolerance = (4 * deviation) / Math.sqrt(chains) + 0.01;
    expect(tolerance).toBeLessThan(0.06);
    expect(Math.abs(gamma * (theta - mean) - slopeAt(theta))).toBeLessThan(tolerance);
  });
});

describe('refuses', () => {
  it.each<[Options, RegExp]>([
    [{ innerSteps: 0 }, /innerSteps/],
    [{ innerSteps: 1.5 }, /innerSteps/],
    [{ innerRate: 0 }, /innerRate/],
    [{ noise: -1 }, /noise/],
    [{ avgKeep: 1 }, /avgKeep/],
    [{ momentum: 1 }, /momentum/],
    [{ gamma: 20 }, /gamma.*overshoots/],
    [{ gamma: Number.NaN }, /gamma/],
    [{ innerStep: 3 } as Options, /innerStep/],
  ])('%j', (options, message) => {
    expect(() => entropySgd(options)).toThrowError(
      expect.objectContaining({ code: 'ADVROB_OPTION', message: expect.stringMatching(message) }),
    );
  });
});

it('the trainer refuses SWA without a start, and the bad options of its optimizer', () => {
  const refusal = (message: RegExp) =>
    expect.objectContaining({ code: 'ADVROB_OPTION', message: expect.stringMatching(message) });
  expect(() => entropysgdTrainer({ average: 'swa' })).toThrowError(refusal(/needs swaStart/));
  expect(() => entropysgdTrainer({ gamma: 30 })).toThrowError(refusal(/overshoots/));
  expect(() => entropysgdTrainer({ innerSteps: 0 })).toThrowError(refusal(/innerSteps/));
});
