import type { WorkTransform } from '@advrob/core';
import { trainerContract } from '@advrob/core/testing';
import { awp, erm, fit, sgd, trades } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { suite } from '../../training/test/support/contracts.js';
import { tinyData } from '../../training/test/support/tiny-data.js';
import { tinyModel } from '../../training/test/support/tiny-model.js';
import {
  fixed,
  freshProblem,
  images,
  lossHere,
  lossOf,
  model,
  testBuffers,
  through,
} from '../test/support/weight-space.js';
import { rat } from './rat.js';
import { taylorExpansion } from './taylor-expansion.js';

suite(
  'recipe taylor-expansion',
  trainerContract(() => ({ objective: trades(), transforms: [taylorExpansion({ sigma: 0.05 })] })),
);
suite(
  'recipe AWP over taylor-expansion',
  trainerContract(() => ({ objective: rat(), transforms: [taylorExpansion(), awp()] })),
);
freshProblem();

/** The loss as a function of weight tensors, and the noise of `fixed` at scale sigma. */
function functional(sigma: number) {
  const names = Object.keys(model.weights);
  const loss = (weights: Tensor[]): Tensor => {
    const [w1, b1, w2, b2] = weights as Tensor2D[];
    const hidden = tf.tanh(tf.add(tf.matMul(images, w1!), b1!)) as Tensor2D;
    return lossOf(tf.add(tf.matMul(hidden, w2!), b2!));
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
    // At a maximum along u the curvature is negative: the negated loss has it where the loss has a
    // positive one.
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

testBuffers('taylor-expansion', taylorExpansion(), 3);

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
