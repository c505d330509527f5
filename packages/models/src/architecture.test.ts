import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { AnyFactory, Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import models, { compactCnn, lenet5, mlp, resnet18, smallCnn, twoLayer } from './index.js';

/** Small versions of every architecture. */
const small: Record<keyof typeof models.models, () => (seed: number) => Classifier> = {
  'two-layer': () => twoLayer({ width: 5 }),
  mlp: () => mlp({ inputShape: [4, 4, 2], hidden: [6] }),
  lenet5: () => lenet5({ inputShape: [8, 8, 1], channels: [2, 3], hidden: 5 }),
  'compact-cnn': () => compactCnn({ inputShape: [8, 8, 1], channels: [2, 3], hidden: 5 }),
  'small-cnn': () => smallCnn({ inputShape: [16, 16, 1], channels: [2, 3], hidden: 5 }),
  resnet18: () => resnet18({ inputShape: [8, 8, 3], width: 2 }),
};

it.each(Object.entries(small))(
  '%s maps inputs to logits, and features through the head to the same',
  async (name, make) => {
    expect((models.models[name as keyof typeof models.models] as AnyFactory).definition.name).toBe(name);
    const model = make()(0);
    const x = tf.randomUniform([3, ...model.inputShape], 0, 1, 'float32', 1);
    const logits = model.logits(x);
    expect(logits.shape).toEqual([3, model.numClasses]);
    expect(await model.head!(model.features!(x)).data()).toEqual(await logits.data());
    model.dispose!();
  },
);

it.each(Object.entries(small))('%s frees all it allocated', (_name, make) => {
  const before = tf.memory().numTensors;
  const model = make()(0);
  const twin = make()(0);
  expect(tf.memory().numTensors).toBeGreaterThan(before);
  model.dispose!();
  twin.dispose!();
  expect(tf.memory().numTensors).toBe(before);
});
