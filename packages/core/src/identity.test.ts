import '@tensorflow/tfjs-backend-cpu';
import './gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Classifier } from './contract/index.js';
import { describeValue, differencesOf, hashModel, identifyModel, identifyValue } from './identity.js';
import { linearClassifier } from './testing.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const linear = (scale = 1) =>
  linearClassifier({
    weights: [
      [-scale, scale],
      [-1, 1],
    ],
    bias: [0.5, -0.5],
  });

/** The same weights with something else around them. */
function around(model: Classifier, logits: (x: tf.Tensor) => tf.Tensor): Classifier {
  return { ...model, logits };
}

/** The inputs as they are, with twice their gradient. */
function doubled(x: tf.Tensor): tf.Tensor {
  return tf.customGrad((input) => ({
    value: tf.clone(input as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.mul(dy, 2),
  }))(x);
}

describe('the identity of a model', () => {
  const [model, twin] = [linear(), linear()];

  it('is the same for a twin, in any process: the probe is fixed', async () => {
    const identity = await identifyModel(model);
    expect(await identifyModel(twin)).toEqual(identity);
    expect(identity['weights']).toBe(await hashModel(model));
  });

  it.each<[string, (x: tf.Tensor) => tf.Tensor, 'both' | 'the gradient alone']>([
    ['a normalisation', (x) => model.logits(tf.div(tf.sub(x, 0.5), 0.2)), 'both'],
    ['an activation', (x) => tf.relu(model.logits(x)), 'both'],
    ['a rounding in the last bit', (x) => tf.mul(model.logits(x), 1 + 2 ** -22), 'both'],
    ['a gradient of its own', (x) => model.logits(doubled(x)), 'the gradient alone'],
  ])('sees %s around the same weights', async (_, logits, what) => {
    const [before, after] = [await identifyModel(model), await identifyModel(around(model, logits))];
    expect(after['weights']).toBe(before['weights']);
    const [was, is] = [before['canary'], after['canary']] as Record<string, string>[];
    expect(is!['gradient']).not.toBe(was!['gradient']);
    expect(is!['scores'] === was!['scores']).toBe(what === 'the gradient alone');
    const differences = differencesOf({ model: before }, { model: after });
    expect(differences).toHaveLength(1);
    expect(differences[0]).toContain(`was ${JSON.stringify(was)}, is ${JSON.stringify(is)}`);
  });

  it('names other bounds, classes and origins', async () => {
    const before = await identifyModel({ ...model, origin: { name: 'mlp', options: { units: 3 } } });
    const after = await identifyModel({ ...model, bounds: [0, 255], origin: { name: 'mlp', options: { units: 4 } } });
    const differences = differencesOf(before, after);
    expect(differences).toContain('origin.options.units was 3, is 4');
    expect(differences).toContain('bounds.1 was 1, is 255');
  });

  it('says of a model that draws anew that it does, so that it can still be resumed', async () => {
    const random = around(model, (x) => tf.add(model.logits(x), tf.randomNormal([1])));
    expect((await identifyModel(random))['canary']).toMatchObject({ scores: 'random' });
  });

  it('is found of a model without gradients, and of one that fails, and keeps no tensor', async () => {
    const before = tf.memory().numTensors;
    const rounded = around(model, (x) => tf.cast(tf.argMax(model.logits(x), 1), 'float32'));
    expect((await identifyModel(rounded))['canary']).toMatchObject({ scores: expect.stringMatching(/^[0-9a-f]{16}$/) });
    const broken = around(model, () => {
      throw new Error('broken');
    });
    expect((await identifyModel(broken))['canary']).toEqual({ scores: null, gradient: null });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('settings in comparisons', () => {
  it('tell functions of one name, tensors, dates and maps apart', async () => {
    const twice = (x: number) => 2 * x;
    const pairs: [unknown, unknown][] = [
      [{ f: twice }, { f: Object.defineProperty((x: number) => 3 * x, 'name', { value: 'twice' }) }],
      [tf.tensor1d([1, 2]), tf.tensor1d([1, 3])],
      [new Date(0), new Date(1)],
      [new Map([['a', 1]]), new Map([['a', 2]])],
      [Float32Array.of(1, NaN), Float32Array.of(1, Infinity)],
    ];
    for (const [a, b] of pairs) expect(await identifyValue(a)).not.toEqual(await identifyValue(b));
    expect(await identifyValue(tf.tensor1d([1, 2]))).toEqual(await identifyValue(tf.tensor1d([1, 2])));
    expect(await describeValue({ f: twice })).toEqual({ f: 'function twice' });
  });

  it('want models with named weights', async () => {
    const anonymous = { ...linear(), weights: {}, buffers: {} };
    await expect(identifyValue({ surrogate: anonymous })).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
    expect(await describeValue({ surrogate: anonymous })).toEqual({ surrogate: { model: null } });
  });

  it('differ in every place, but not by a plugin more', () => {
    const before = { format: 1, seed: 1, plugins: { a: 'x' } };
    expect(differencesOf(before, { format: 1, seed: 2, plugins: { a: 'x', b: 'y' } })).toEqual(['seed was 1, is 2']);
    expect(differencesOf(before, { format: 1, seed: 1, plugins: { a: 'z' } })).toEqual(['plugins.a was "x", is "z"']);
    expect(differencesOf(before, { format: 1, seed: 1, plugins: {} })).toEqual(['plugins.a was "x", is not there']);
    expect(differencesOf(before, { format: 2, seed: 2 })).toEqual(['format was 1, is 2']);
  });

  it('are the same whatever the order of their keys, also in what a model answers', () => {
    const before = { model: { weights: 'a', canary: { scores: 'b', gradient: 'c' } } };
    const turned = { model: { canary: { gradient: 'c', scores: 'b' }, weights: 'a' } };
    expect(differencesOf(before, turned)).toEqual([]);
    expect(differencesOf(before, { model: { canary: { gradient: 'd', scores: 'b' }, weights: 'a' } })).toHaveLength(1);
  });
});
