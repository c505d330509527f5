import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { lastLayerSums, rat } from '../src/index.js';
import { tanhModel, type Values } from './support/tanh-model.js';

/** Made by tooling/oracle/training/rat.py. */
const fixture = JSON.parse(
  readFileSync(new URL('../../../tooling/oracle/training/fixtures/rat.json', import.meta.url), 'utf8'),
) as {
  shapes: Record<string, number[]>;
  initial: Values;
  x: number[][];
  adversarial: number[][];
  y: number[];
  cases: { options: object; total: number; terms: Record<string, number>; gradients: Values }[];
};

beforeAll(() => tf.setBackend('cpu'));

describe('RAT has the loss, the terms and the weight gradients of PyTorch', () => {
  it.each(fixture.cases)('$options', async ({ options, total, terms, gradients }) => {
    const before = tf.memory().numTensors;
    const model = tanhModel(fixture.initial, fixture.shapes);
    const [x, adversarial] = [tf.tensor2d(fixture.x), tf.tensor2d(fixture.adversarial)];
    const y = tf.tensor1d(fixture.y, 'int32');
    const objective = rat(options);
    const loss = () => objective.loss({ x, adversarial, y }, model, {});
    const found = tf.tidy(() => {
      const { total: sum, terms: parts } = loss();
      return { ...parts, total: sum };
    });
    const expected = { ...terms, total };
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [name, value] of Object.entries(expected))
      expect(Math.abs((await found[name as 'total'].data())[0]! - value)).toBeLessThan(1e-5);

    const { value, grads } = tf.variableGrads(() => loss().total as tf.Scalar, Object.values(model.weights));
    for (const [name, values] of Object.entries(gradients)) {
      const gradient = await grads[model.weights[name]!.name]!.data();
      values.forEach((each, i) => expect(Math.abs(gradient[i]! - each)).toBeLessThan(1e-5));
    }
    tf.dispose([x, adversarial, y, found, value, grads]);
    model.dispose!();
    expect(tf.memory().numTensors).toBe(before);
  });
});

it("the last layer's sums are those of autodiff", async () => {
  const model = tanhModel(fixture.initial, fixture.shapes);
  const [x, y] = [tf.tensor2d(fixture.x), tf.tensor1d(fixture.y, 'int32')];
  const last = model.weights['last.weight']!;
  const { grads } = tf.variableGrads(() => meanCrossEntropy(model.logits(x), y) as tf.Scalar, [last]);
  const expected = await tf.sum(grads[last.name]!, 0).data();
  const found = await lastLayerSums(model.logits(x), model.features!(x), y).data();
  expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.05);
  expected.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(1e-6));
  model.dispose!();
});
