import type { Classifier, Extras, Objective, OptimizerBinding } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fit } from '../../src/fit/fit.js';
import { erm } from '../../src/methods/erm.js';
import './cpu.js';
import { fixture, fixtureData, fixtureModel, readFixture, type Values } from './fixture.js';
import { recorder } from './recorder.js';

/** A loss, its terms and its weight gradients, as PyTorch has them in float64. */
interface LossCase {
  readonly objective: string;
  readonly options: object;
  readonly terms: Readonly<Record<string, number>>;
  readonly gradients: Values;
}

/** See tooling/oracle/training/objectives.py. */
export const losses = readFixture<{
  samples: number;
  values: Record<'x' | 'moved' | 'noise' | 'points' | 'threshold' | 'standard' | 'robust', number[]>;
  y: number[];
  cases: LossCase[];
}>('objectives');

export const inputs = (values: number[]) => tf.tensor2d(values, [values.length / 4, 4]);
export const scores = (values: number[]) => tf.tensor2d(values, [values.length / 3, 3]);
export const labels = () => tf.tensor1d(losses.y, 'int32');

/** What most objectives prepare. */
export const pairs = () => ({
  x: inputs(losses.values.x),
  adversarial: inputs(losses.values.moved),
  y: labels(),
});

/**
 * Compares the loss of an objective with PyTorch's.
 *
 * @param make Makes it with the options of a case.
 * @param prepared What it would have prepared from the examples of the fixture.
 */
export function testLoss(
  name: string,
  make: (options: never, model: Classifier) => unknown,
  prepared: () => Extras = pairs,
  cases: readonly LossCase[] = losses.cases,
): void {
  const own = cases.filter(({ objective }) => objective === name);
  describe("losses, terms and gradients are PyTorch's", () => {
    if (own.length === 0)
      it(`of ${name}`, () =>
        expect.fail(
          `the fixture has no case of '${name}': add one to its script in tooling/oracle/training, or say in ${name}.test.ts whose loss it has (lossOf of testObjective)`,
        ));
    it.each(own)('$objective $options', async ({ options, terms, gradients }) => {
      const before = tf.memory().numTensors;
      const model = fixtureModel();
      const objective = make(options as never, model) as Objective;
      const all = tf.tidy(() => {
        const values = prepared();
        const weights: Tensor[] = Object.values(model.weights);
        const found: Record<string, Tensor> = {};
        const { grads } = tf.engine().gradients(() => {
          const { total, terms: parts } = objective.loss(values, model, { mode: 'train' });
          for (const [key, part] of Object.entries<Tensor>({ ...parts, total })) found[key] = tf.keep(tf.clone(part));
          return total;
        }, weights);
        return { found, grads };
      });
      expect(Object.keys(all.found).sort()).toEqual(Object.keys(terms).sort());
      for (const [key, value] of Object.entries(terms)) {
        const [actual] = await all.found[key]!.data();
        expect(Math.abs(actual! - value) / Math.max(1, Math.abs(value)), key).toBeLessThan(1e-5);
      }
      for (const [i, key] of Object.keys(model.weights).entries()) {
        const actual = await all.grads[i]!.data();
        const scale = Math.max(1, ...gradients[key]!.map(Math.abs));
        gradients[key]!.forEach((value, at) => expect(Math.abs(actual[at]! - value) / scale, key).toBeLessThan(1e-5));
      }
      tf.dispose([all.found, all.grads]);
      model.dispose!();
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}

/** Compares twenty steps of an optimizer with PyTorch's; see tooling/oracle/training/make.py. */
export function testSteps(name: string, make: (options: never) => OptimizerBinding): void {
  const runs = fixture.runs.filter(({ optimizer }) => optimizer === name);
  describe("optimizers follow PyTorch's step by step", () => {
    it.each(runs)('$optimizer $options', async ({ options, losses: expected, weights }) => {
      const before = tf.memory().numTensors;
      const model = fixtureModel();
      const { binding, copies } = recorder();
      const { history } = await fit({
        model,
        data: fixtureData(),
        objective: erm(),
        optimizer: make(options as never),
        averager: binding,
        keep: 'last',
        steps: weights.length,
        batchSize: fixture.batch,
        learningRate: fixture.rate,
        logEvery: 1,
      });
      expect(copies).toHaveLength(20);
      history.forEach((event, step) => {
        if (event.type === 'metrics') expect(event.loss['total']).toBeCloseTo(expected[step]!, 5);
      });
      for (const [step, copy] of copies.entries())
        for (const [key, tensor] of Object.entries(copy)) {
          const found = await tensor.data();
          weights[step]![key]!.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(5e-6));
        }
      tf.dispose(copies);
      model.dispose!();
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}
