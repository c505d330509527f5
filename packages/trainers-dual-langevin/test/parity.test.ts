import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Classifier, Extras, Objective, TrainingPlan } from '@advrob/core';
import { fit } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  expectWeights,
  fixtureData,
  fixtureModel,
  readFixture,
  type Values,
} from '../../training/test/support/fixture.js';
import plugin from '../src/index.js';

/** PyTorch in float64; see tooling/oracle/training/dale.py. */
const fixture = readFixture<{
  samples: number;
  values: { x: number[]; points: number[] };
  y: number[];
  cases: { objective: string; options: object; terms: Record<string, number>; gradients: Values }[];
  steps: number;
  rate: number;
  epsilon: number;
  batch: number;
  runs: {
    trainer: string;
    seed: number;
    options: object;
    trail: { nu: number; slack: number }[];
    weights: Values;
  }[];
}>('dale');

let model: Classifier;
let tensorsBefore: number;
beforeAll(() => tf.setBackend('cpu'));
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
  model = fixtureModel();
});
afterEach(() => {
  model.dispose!();
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

/** The part of the plugin with this name. */
function make<T>(parts: Readonly<Record<string, unknown>>, name: string, options: object): T {
  return (parts[name] as (given: object) => T)(options);
}

/** What the objective would have prepared. */
function prepared(name: string): Extras {
  const inputs = (values: number[]) => tf.tensor2d(values, [values.length / 4, 4]);
  const { x, points } = fixture.values;
  const y = tf.tensor1d(fixture.y, 'int32');
  if (name === 'cvar-pd') {
    const labels = Array<number[]>(fixture.samples).fill(fixture.y).flat();
    return { points: inputs(points), y: tf.tensor1d(labels, 'int32'), t: tf.zeros([fixture.y.length]) };
  }
  const adversarial = name === 'kl-dale-multi-pd' ? points : points.slice(0, x.length);
  return { x: inputs(x), adversarial: inputs(adversarial), y };
}

describe("losses, terms and gradients are PyTorch's", () => {
  it.each(fixture.cases)('$objective $options', async ({ objective: name, options, terms, gradients }) => {
    const objective = make<Objective>(plugin.objectives, name, options);
    const all = tf.tidy(() => {
      const values = prepared(name);
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
  });

  it('of every objective', () => {
    expect(new Set(fixture.cases.map(({ objective }) => objective))).toEqual(new Set(Object.keys(plugin.objectives)));
  });
});

describe('ten steps with sampler, SGD and dual variable follow PyTorch', () => {
  it.each(fixture.runs)('$trainer $options', async ({ trainer, seed, options, trail, weights }) => {
    const plan = make<TrainingPlan>(plugin.trainers, trainer, options);
    const { history } = await fit({
      ...plan,
      model,
      data: fixtureData(),
      threat: { norm: 'linf', epsilon: fixture.epsilon },
      steps: fixture.steps,
      batchSize: fixture.batch,
      learningRate: fixture.rate,
      seed,
      logEvery: 1,
    });
    await expectWeights(model.weights, weights, 1e-4);
    const logged = history.flatMap((event) => (event.type === 'metrics' ? [event.loss] : []));
    expect(logged).toHaveLength(fixture.steps);
    if (plan.objective.state)
      for (const [step, { nu, slack }] of trail.entries()) {
        expect(Math.abs(logged[step]!['nu']! - nu), `nu of step ${step}`).toBeLessThan(1e-4);
        expect(Math.abs(logged[step]!['slack']! - slack), `slack of step ${step}`).toBeLessThan(1e-4);
      }
    plan.objective.dispose?.();
  });

  it('of every trainer but SmoothAdv, whose parts are tested with them', () => {
    const tested = new Set(fixture.runs.map(({ trainer }) => trainer));
    const named = Object.keys(plugin.trainers).filter((name) => name !== 'rand-smoothing');
    expect([...tested].sort()).toEqual(named.sort());
  });
});
