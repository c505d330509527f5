import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Classifier, Random, Work, WorkTransform } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { taylorExpansion, weightNoise } from './index.js';
import { erm, fit, sgd } from '@advrob/training';
import { tinyData } from '../../training/test/support/tiny-data.js';
import { tinyModel } from '../../training/test/support/tiny-model.js';
import { expectedCurvature, scalarLoss } from '../test/support/scalar-loss.js';
import { tanhModel, type Values } from '../test/support/tanh-model.js';

const { shapes, initial, x, y } = JSON.parse(
  readFileSync(new URL('../../../tooling/oracle/training/fixtures/rat.json', import.meta.url), 'utf8'),
) as { shapes: Record<string, number[]>; initial: Values; x: number[][]; y: number[] };

let model: Classifier;
let images: Tensor2D;
let labels: tf.Tensor1D;
let before: number;

beforeAll(() => tf.setBackend('cpu'));
beforeEach(() => {
  before = tf.memory().numTensors;
  model = tanhModel(initial, shapes);
  images = tf.tensor2d(x);
  labels = tf.tensor1d(y, 'int32');
});
afterEach(() => {
  model.dispose!();
  tf.dispose([images, labels]);
  expect(tf.memory().numTensors).toBe(before);
});

const lossHere = (): tf.Scalar => tf.tidy(() => meanCrossEntropy(model.logits(images), labels) as tf.Scalar);

/** Loss and gradient through a transform, as numbers; `withGrads: false` leaves the gradients out. */
async function through(transform: WorkTransform, rng: Random, { withGrads = true, times = 1 } = {}) {
  const held = new Set<Tensor>();
  const refuse = () => Promise.reject(new Error('not needed'));
  const base: Work = {
    model,
    rng,
    rate: 0,
    step: 0,
    epoch: 0,
    draw: refuse,
    update: (body) => void tf.tidy(body),
    hold(tensor) {
      held.add(tensor);
      return tensor;
    },
    async gradient() {
      if (!withGrads) return { grads: {}, terms: { total: lossHere() } };
      const { value, grads } = tf.variableGrads(lossHere, Object.values(model.weights));
      const named = Object.entries(model.weights).map(([name, weight]) => [name, grads[weight.name]!] as const);
      return { grads: Object.fromEntries(named), terms: { total: value } };
    },
  };
  const work = transform(base);
  const totals: number[] = [];
  let grads: Record<string, number[]> = {};
  for (let i = 0; i < times; i++) {
    const found = await work.gradient({ values: {} });
    totals.push((await found.terms['total']!.data())[0]!);
    const entries = Object.entries(found.grads);
    grads = Object.fromEntries(
      await Promise.all(entries.map(async ([name, g]) => [name, Array.from(await g.data())] as const)),
    );
    tf.dispose([found.grads, found.terms]);
  }
  for (const tensor of held) expect(tensor.isDisposed).toBe(true);
  return { totals, grads };
}

/** Gradient descent; gives the weights as numbers. */
async function descend(steps: number): Promise<Values> {
  for (let i = 0; i < steps; i++)
    tf.tidy(() => {
      const { grads } = tf.variableGrads(lossHere, Object.values(model.weights));
      for (const weight of Object.values(model.weights))
        weight.assign(tf.sub(weight, tf.mul(grads[weight.name]!, 0.5)));
    });
  const entries = Object.entries(model.weights);
  return Object.fromEntries(await Promise.all(entries.map(async ([name, w]) => [name, Array.from(await w.data())])));
}

/** The same draws whatever the purpose, told apart by shape alone. */
const fixed: Random = {
  uniform: () => {
    throw new Error('not needed');
  },
  normal: (_, shape) => createRandom({ seed: 8 }).normal(`fixed ${shape.join()}`, shape),
};

/** The loss as a function of weight tensors, and the noise of `fixed` at scale sigma. */
function functional(sigma: number) {
  const names = Object.keys(model.weights);
  const loss = (weights: Tensor[]): Tensor => {
    const [w1, b1, w2, b2] = weights as Tensor2D[];
    const hidden = tf.tanh(tf.add(tf.matMul(images, w1!), b1!)) as Tensor2D;
    return meanCrossEntropy(tf.add(tf.matMul(hidden, w2!), b2!), labels);
  };
  const weights = names.map((name) => tf.clone(model.weights[name]! as Tensor));
  const noise = weights.map((w) =>
    tf.tidy(() => tf.mul(fixed.normal('', w.shape), tf.mul(tf.norm(w), sigma / Math.sqrt(w.size)))),
  );
  const shifted = (by: number, at: Tensor[]) => at.map((w, i) => tf.add(w, tf.mul(noise[i]!, by)));
  return { names, loss, weights, noise, shifted };
}

describe('taylor-expansion', () => {
  it.each([
    { sigma: 0.05, firstWeight: 1, secondWeight: 0.5, clamp: false },
    { sigma: 0.2, firstWeight: 0, secondWeight: 2, clamp: true },
    { sigma: 0.2, firstWeight: 3, secondWeight: 0, clamp: true },
  ])('%j has the loss and gradient of its formula, by autodiff', async (options) => {
    const { firstWeight, secondWeight, clamp } = options;
    const { names, loss, weights, noise, shifted } = functional(options.sigma);
    const formula = (...w: Tensor[]): Tensor => {
      const [middle, high, low] = [loss(w), loss(shifted(1, w)), loss(shifted(-1, w))];
      const first = tf.div(tf.abs(tf.sub(high!, low!)), 2);
      const second = tf.sub(tf.add(high!, low!), tf.mul(2, middle!));
      return tf.addN([middle!, tf.mul(first, firstWeight), tf.mul(clamp ? tf.relu(second) : second, secondWeight)]);
    };
    const { value, grads } = tf.valueAndGrads(formula)(weights);
    const found = await through(taylorExpansion(options), fixed);
    expect(found.totals[0]).toBeCloseTo((await value.data())[0]!, 6);
    for (const [i, name] of names.entries()) {
      const expected = await grads[i]!.data();
      expected.forEach((each, j) => expect(Math.abs(found.grads[name]![j]! - each)).toBeLessThan(2e-6));
    }
    tf.dispose([weights, noise, value, grads]);
  });

  it('counts a negative second term as 0 when it is clamped', async () => {
    // At a maximum along u the curvature is negative: the negated loss has it where the loss has a positive one.
    const negated: WorkTransform = (work) => ({
      ...work,
      async gradient(prepared, how) {
        const { grads, terms } = await work.gradient(prepared, how);
        const total = tf.neg(terms['total']!);
        tf.dispose(terms);
        return { grads, terms: { total } };
      },
    });
    const run = (clamp: boolean) =>
      through((work) => taylorExpansion({ sigma: 0.2, firstWeight: 0, secondWeight: 1, clamp })(negated(work)), fixed);
    const [free, clamped] = [await run(false), await run(true)];
    const loss = tf.tidy(lossHere);
    const plain = -(await loss.data())[0]!;
    loss.dispose();
    expect(clamped.totals[0]).toBeCloseTo(plain, 6);
    expect(free.totals[0]).toBeLessThan(plain - 1e-3);
  });
});

it.each<[string, WorkTransform, number]>([
  ['taylor-expansion', taylorExpansion(), 3],
  ['weight-noise', weightNoise({ samples: 2, antithetic: true }), 4],
])('%s lets one pass alone move the buffers, and none when it is probed itself', async (_, transform, passes) => {
  for (const probe of [false, true]) {
    const probed: boolean[] = [];
    const noting: WorkTransform = (work) => ({
      ...work,
      gradient(prepared, how) {
        probed.push(how?.probe ?? false);
        return work.gradient(prepared, how);
      },
    });
    const caller: WorkTransform = (work) => ({ ...work, gradient: (prepared) => work.gradient(prepared, { probe }) });
    await through((work) => caller(transform(noting(work))), fixed);
    expect(probed).toEqual([probe, ...Array<boolean>(passes - 1).fill(true)]);
  }
});

describe('with dropout', () => {
  /** Taylor terms of one gradient on a network that drops half of its units. */
  async function termsAt(sigma: number): Promise<{ first: number; second: number }> {
    const dropping = tinyModel({ dropout: 0.5 });
    const found = { first: NaN, second: NaN };
    await fit({
      model: dropping,
      data: tinyData(),
      objective: erm(),
      batchSize: 8,
      steps: 1,
      optimizer: (bound) => {
        const { step, ...rest } = sgd()(bound);
        return {
          ...rest,
          step: (work) =>
            step({
              ...work,
              async gradient(prepared) {
                const result = await taylorExpansion({ sigma, clamp: false })(work).gradient(prepared);
                found.first = (await result.terms['first']!.data())[0]!;
                found.second = (await result.terms['second']!.data())[0]!;
                return result;
              },
            }),
        };
      },
    });
    dropping.dispose!();
    return found;
  }

  it('the terms of noise of no size are 0: all three losses are those of one network', async () => {
    const { first, second } = await termsAt(1e-12);
    expect([first, second]).toEqual([0, 0]);
  });

  it('the terms of small noise are small: the second falls with the square of the noise', async () => {
    const [wide, narrow] = [await termsAt(0.2), await termsAt(0.1)];
    expect(wide.second / narrow.second).toBeGreaterThan(3);
    expect(wide.second / narrow.second).toBeLessThan(5);
  });
});

describe('weight-noise', () => {
  it('with antithetic draws is the expansion with weight 1/2, draw by draw', async () => {
    const sampled = await through(weightNoise({ sigma: 0.1, antithetic: true }), fixed);
    const second = taylorExpansion({ sigma: 0.1, firstWeight: 0, secondWeight: 0.5, clamp: false });
    const expanded = await through(second, fixed);
    expect(sampled.totals[0]).toBeCloseTo(expanded.totals[0]!, 6);
    for (const [name, values] of Object.entries(sampled.grads))
      values.forEach((value, i) => expect(Math.abs(value - expanded.grads[name]![i]!)).toBeLessThan(1e-6));
  });

  it('converges to the exact expansion within its statistical error', async () => {
    const [sigma, times] = [0.1, 2500];
    // Near a minimum, where the first term, whose mean is 0, does not hide the second.
    const trained = await descend(150);
    const rng = createRandom({ seed: 3 });
    const spread = ({ totals }: { totals: number[] }) => {
      const mean = totals.reduce((sum, value) => sum + value, 0) / totals.length;
      const variance = totals.reduce((sum, value) => sum + (value - mean) ** 2, 0) / totals.length;
      return { mean, error: Math.sqrt(variance / totals.length) };
    };
    const many = { withGrads: false, times };
    const sampled = spread(await through(weightNoise({ sigma }), rng, many));
    const second = taylorExpansion({ sigma, firstWeight: 0, secondWeight: 0.5, clamp: false });
    const expanded = spread(await through(second, rng, { ...many, times: times / 5 }));

    const loss = (weights: Values) => scalarLoss(weights, x, y);
    const start = loss(trained);
    const exact = start + expectedCurvature(trained, sigma, loss) / 2;
    // The noise must raise the loss by far more than the errors, else the comparison says nothing.
    expect(exact - start).toBeGreaterThan(8 * sampled.error);
    expect(Math.abs(sampled.mean - exact)).toBeLessThan(4 * sampled.error);
    expect(Math.abs(expanded.mean - exact)).toBeLessThan(4 * expanded.error + 0.02 * (exact - start));
  });

  it('averages its samples: two are the mean of the two', async () => {
    const rng = createRandom({ seed: 5 });
    const purposes: string[] = [];
    const noting: Random = {
      ...rng,
      normal(purpose, shape) {
        purposes.push(purpose);
        return rng.normal(purpose, shape);
      },
    };
    const both = await through(weightNoise({ sigma: 0.3, samples: 2 }), noting);
    expect(new Set(purposes).size).toBe(8);
    const renamed: Random = {
      ...rng,
      normal: (purpose, shape) => rng.normal(purpose.replace('0/0', '0/1'), shape),
    };
    const [first, second] = [
      await through(weightNoise({ sigma: 0.3 }), rng),
      await through(weightNoise({ sigma: 0.3 }), renamed),
    ];
    expect(both.totals[0]).toBeCloseTo((first.totals[0]! + second.totals[0]!) / 2, 6);
    const name = 'last.weight';
    both.grads[name]!.forEach((value, i) =>
      expect(value).toBeCloseTo((first.grads[name]![i]! + second.grads[name]![i]!) / 2, 6),
    );
  });
});
