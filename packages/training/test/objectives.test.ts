import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Classifier, Extras, Objective } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import plugin, { kdAt, trades } from '../src/index.js';
import { fixtureModel, readFixture, type Values } from './support/fixture.js';

/** Losses and gradients of PyTorch in float64; see tooling/oracle/training/objectives.py. */
const fixture = readFixture<{
  samples: number;
  values: Record<'x' | 'moved' | 'noise' | 'points' | 'threshold' | 'standard' | 'robust', number[]>;
  y: number[];
  cases: { objective: string; options: object; terms: Record<string, number>; gradients: Values }[];
}>('objectives');

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

/** What the objective would have prepared. */
function prepared(name: string): Extras {
  const inputs = (values: number[]) => tf.tensor2d(values, [values.length / 4, 4]);
  const scores = (values: number[]) => tf.tensor2d(values, [values.length / 3, 3]);
  const { x, moved, noise, points, threshold, standard, robust } = fixture.values;
  const y = tf.tensor1d(fixture.y, 'int32');
  switch (name) {
    case 'pgd-at':
      return { x: inputs(moved), y };
    case 'cvar':
      return {
        points: inputs(points),
        y: tf.tensor1d(Array<number[]>(fixture.samples).fill(fixture.y).flat(), 'int32'),
        t: tf.tensor1d(threshold),
      };
    case 'smoothadv':
      return { x: inputs(moved), noise: inputs(noise), y };
    case 'kd':
      return { x: inputs(x), teacher: scores(robust) };
    case 'kd-at':
      return { x: inputs(moved), y, standard: scores(standard), robust: scores(robust) };
    default:
      return { x: inputs(x), adversarial: inputs(moved), y };
  }
}

function make(name: string, options: object): Objective {
  if (name === 'kd-at') return kdAt({ standard: model, robust: model }) as unknown as Objective;
  const factory = plugin.objectives[name as keyof typeof plugin.objectives] as (given: object) => unknown;
  return factory(options) as Objective;
}

describe("losses, terms and gradients are PyTorch's", () => {
  it.each(fixture.cases)('$objective $options', async ({ objective: name, options, terms, gradients }) => {
    const objective = make(name, options);
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

  it('covers every objective with a loss of its own', () => {
    const tested = new Set(fixture.cases.map(({ objective }) => objective));
    // These two have the loss of pgd-at; their examples have tests of their own.
    const named = Object.keys(plugin.objectives).filter((name) => name !== 'fgsm-at' && name !== 'free');
    expect([...tested].sort()).toEqual([...named, 'kd-at'].sort());
  });
});

it('trades without dropout masks in common: the two passes draw apart', () => {
  const purposes: string[] = [];
  const rng = {
    uniform: (purpose: string, shape: readonly number[]) => {
      purposes.push(purpose);
      return tf.zeros([...shape]);
    },
    normal: () => tf.scalar(0),
  };
  const drawing: Classifier = {
    ...model,
    logits(x, how) {
      how!.rng!.uniform('mask', [1], 0, 1);
      return model.logits(x, how);
    },
  };
  tf.tidy(() => {
    const values = prepared('trades') as { x: Tensor; adversarial: Tensor; y: Tensor };
    trades().loss(values, drawing, { mode: 'train', rng });
  });
  expect(new Set(purposes).size).toBe(2);
});

describe('objectives refuse', () => {
  it.each<[string, object]>([
    ['trades', { beta: -1 }],
    ['mart', { lambda: NaN }],
    ['alp', { cleanShare: 2 }],
    ['term', { tilt: 0 }],
    ['cvar', { beta: 0 }],
    ['cvar', { samples: 0 }],
    ['smoothadv', { sigma: 0 }],
    ['kd', { temperature: 0 }],
    ['free', { replays: 0 }],
    ['fgsm-at', { stepSize: -1 }],
  ])('%s %j', (name, options) => {
    expect(() => make(name, options)).toThrowError(expect.objectContaining({ code: 'ADVROB_OPTION' }));
  });
});
