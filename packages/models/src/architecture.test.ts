import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { AnyFactory } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { smallModels } from '../test/small-models.js';
import models, { mlp, resnet18, smallCnn } from './plugin.js';

describe.each(Object.entries(smallModels))('%s', (name, make) => {
  it('is listed under its name', () => {
    expect((models.models[name as keyof typeof models.models] as AnyFactory).definition.name).toBe(name);
  });

  it('exists twice with equal weights for equal seeds, and others for another', async () => {
    const [one, twin, other] = [make(0), make(0), make(1)];
    let different = 0;
    for (const [weight, variable] of Object.entries(one.weights)) {
      const values = await variable.data();
      expect(await twin.weights[weight]!.data()).toEqual(values);
      if ((await other.weights[weight]!.data()).some((value, i) => value !== values[i])) different++;
    }
    expect(different).toBeGreaterThan(0);
    for (const model of [one, twin, other]) model.dispose!();
  });
});

describe('refusals', () => {
  const code = (expected: string) => expect.objectContaining({ code: expected });

  it('options that make no network', () => {
    expect(() => smallCnn({ inputShape: [14, 14, 1] })(0)).toThrowError(code('ADVROB_OPTION'));
    expect(() => mlp({ inputShape: [4, 4, 3], mean: [0, 0] })(0)).toThrowError(code('ADVROB_OPTION'));
    expect(() => mlp({ hidden: [0] })).toThrowError(code('ADVROB_OPTION'));
    expect(() => mlp({ bounds: [1, 0] })).toThrowError(code('ADVROB_OPTION'));
    expect(() => mlp({ std: 0 })).toThrowError(code('ADVROB_OPTION'));
    // @ts-expect-error a misspelt option is a type error as well
    expect(() => mlp({ hiden: [3] })).toThrowError(/did you mean hidden/);
  });

  it('inputs of another shape or type', () => {
    const model = smallModels.mlp(0);
    const wrong = [tf.zeros([1, 4, 4, 1]), tf.zeros([4, 4, 2]), tf.zeros([1, 4, 4, 2], 'int32')];
    const before = tf.memory().numTensors;
    for (const x of wrong.slice(0, 2)) expect(() => model.logits(x)).toThrowError(code('ADVROB_SHAPE'));
    expect(() => model.logits(wrong[2]!)).toThrowError(code('ADVROB_DTYPE'));
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(wrong);
    model.dispose!();
  });

  it('dropout without rng, and batch statistics of one value', () => {
    const before = tf.memory().numTensors;
    const dropping = smallModels['small-cnn'](0);
    const x = tf.zeros([1, 16, 16, 1]);
    expect(() => dropping.logits(x, { mode: 'train' })).toThrowError(code('ADVROB_RNG_MISSING'));
    const normalizing = resnet18({ inputShape: [8, 8, 3], width: 1 })(0);
    const image = tf.zeros([1, 8, 8, 3]);
    expect(() => normalizing.logits(image, { mode: 'probe' })).toThrowError(code('ADVROB_BATCH_TOO_SMALL'));
    tf.dispose([x, image]);
    dropping.dispose!();
    normalizing.dispose!();
    expect(tf.memory().numTensors).toBe(before);
  });
});
