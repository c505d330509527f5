import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Attack, AttackResult, Batch, Classifier, Dataset } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { step } from '../../test/support/attacks.js';
import { planeModel } from '../../test/support/plane-model.js';
import { pointsAtGaps } from '../../test/support/points-dataset.js';
import { evaluate } from './evaluate.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
let model: Classifier & { dispose(): void };
beforeEach(() => void (model = planeModel()));
afterEach(() => model.dispose());

const data = pointsAtGaps([0.02, 0.09, 0.11, 0.3, 0.15]);

/** An attack whose result is changed on its way out. */
const giving = (change: (result: AttackResult, x: tf.Tensor) => Partial<AttackResult>): Attack => ({
  ...step(),
  async run(attacked, x, ...call) {
    const result = await step().run(attacked, x, ...call);
    return { ...result, ...change(result, x) };
  },
});
const disposed = (tensor: tf.Tensor): tf.Tensor => (tensor.dispose(), tensor);
const perturbing = (perturb: (x: tf.Tensor) => tf.Tensor): Attack =>
  defineAttack({
    name: 'foreign',
    summary: 'A foreign attack.',
    options: z.strictObject({}),
    knowledge: 'gradients',
    norms: ['linf'],
    budget: 'fixed',
    perturb: async ({ x }) => perturb(x),
  })();
const under = (attack: Attack, on: Dataset = data, by: Classifier = model) =>
  evaluate({ model: by, data: on, attacks: [{ attack, norm: 'linf', epsilon: 0.1 }], batchSize: 2 });

describe('what a plugin gives is looked at', () => {
  it.each<[string, Attack, RegExp]>([
    ['points of another shape', giving(({ adversarial }) => ({ adversarial: tf.reshape(adversarial, [-1]) })), /shape/],
    ['points that are gone', giving(({ adversarial }) => ({ adversarial: disposed(adversarial) })), /disposed/],
    ['no points', giving(() => ({ adversarial: undefined as never })), /expected a tensor/],
    ['verdicts of fewer examples', giving(({ success }) => ({ success: success.slice(1) })), /'success' of 2/],
    ['no distances', giving(() => ({ distance: undefined as never })), /'distance'/],
    ['a method that drops rows', perturbing((x) => tf.slice(x, [0, 0], [1, -1])), /./],
    ['a method that flattens', perturbing((x) => tf.reshape(x, [-1])), /./],
    ['a method whose points are gone', perturbing((x) => disposed(tf.clone(x))), /./],
    ['a method that returns no tensor', perturbing(() => 5 as never), /./],
  ])('an attack: %s', async (_, attack, message) => {
    await expect(under(attack)).rejects.toThrow(message);
    await expect(under(attack)).rejects.toMatchObject({ code: expect.stringMatching(/^ADVROB_/) as string });
  });

  it('an attack or a model that keeps tensors of every batch', async () => {
    const kept: tf.Tensor[] = [];
    const keeping = giving((_, x) => (kept.push(tf.keep(tf.clone(x))), {}));
    await expect(under(keeping)).rejects.toThrow(/attack 'step', or the model under it, left 1 tensors.*ADVROB_ATTACK/);
    const forgetful = { ...model, logits: (x: tf.Tensor) => (kept.push(tf.keep(tf.clone(x))), model.logits(x)) };
    await expect(under(step(), data, forgetful)).rejects.toThrow(/left .* tensors behind.*ADVROB_ATTACK/);
    // What is made once, as a cache, is no leak.
    let isMade = false;
    const caching = giving((_, x) => (isMade || kept.push(tf.keep(tf.clone(x))), (isMade = true), {}));
    await expect(under(caching)).resolves.toBeDefined();
    tf.dispose(kept);
  });

  it.each<[string, (logits: tf.Tensor) => tf.Tensor, string]>([
    ['outputs that are gone', (logits) => disposed(logits), 'ADVROB_SHAPE'],
    ['outputs of another shape', (logits) => tf.transpose(tf.concat([logits, logits])), 'ADVROB_SHAPE'],
    ['no tensor', () => undefined as never, 'ADVROB_SHAPE'],
  ])('a model: %s', async (_, change, code) => {
    const foreign = { ...model, logits: (x: tf.Tensor) => change(model.logits(x)) };
    await expect(under(step(), data, foreign)).rejects.toMatchObject({ code });
  });

  it.each<[string, (batch: Batch) => Partial<Batch>]>([
    ['inputs of another shape', ({ x }) => ({ x: tf.reshape(x, [-1]) })],
    ['inputs that are gone', ({ x }) => ({ x: disposed(x) })],
    ['fewer labels', ({ y }) => ({ y: tf.slice(y, [0], [1]) })],
    ['more ids', () => ({ ids: new Int32Array(7) })],
    ['nothing', () => ({ ids: new Int32Array(0) })],
  ])('a data set: %s', async (_, change) => {
    const foreign: Dataset = {
      ...data,
      async *batches(options) {
        for await (const batch of data.batches(options)) yield { ...batch, ...change(batch) };
      },
    };
    await expect(under(step(), foreign)).rejects.toMatchObject({ code: 'ADVROB_DATASET' });
  });
});

it('evaluations side by side, whose tensors are not told apart, refuse nothing', async () => {
  const results = await Promise.all([1, 2, 3, 5].map(() => under(step())));
  expect(new Set(results.map(({ result }) => result.robust.count)).size).toBe(1);
});
