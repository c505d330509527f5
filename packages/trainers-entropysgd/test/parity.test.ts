import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Random } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { entropySgd } from '../src/index.js';
import { bareModel, closureWork, valuesOf, type Values } from './support/closure-work.js';

/** Made by tooling/oracle/training/entropy-sgd.py. */
const fixture = JSON.parse(
  readFileSync(new URL('../../../tooling/oracle/training/fixtures/entropy-sgd.json', import.meta.url), 'utf8'),
) as {
  shapes: Record<string, number[]>;
  batch: number;
  x: number[];
  y: number[];
  initial: Values;
  runs: { options: { innerSteps: number }; rate: number; noise: Values[]; weights: Values[] }[];
};

beforeAll(() => tf.setBackend('cpu'));

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
