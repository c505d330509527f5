import '@tensorflow/tfjs-backend-cpu';
import '../gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Classifier } from '../contract/index.js';
import { linearClassifier } from './linear-classifier.js';
import { modelContract } from './model-contract.js';

const sound = () =>
  linearClassifier({
    weights: [
      [1, -1, 0.5],
      [2, 0.3, -2],
    ],
    bias: [0, 0.5, -0.1],
  });

describe('a linear classifier', () => {
  for (const { name, run } of modelContract(sound)) it(name, run);
});

type Break = (model: ReturnType<typeof sound>) => Partial<Classifier>;
let counter = 0;

/** How to break a sound model, and the check that must notice. */
const breaks: [string, Break][] = [
  ['declares an input shape, classes and bounds', () => ({ bounds: [1, 0] })],
  [
    'names its weights and buffers, each a variable of its own',
    ({ weights }) => ({ buffers: { weight: weights['weight']! } }),
  ],
  [
    'starts with finite weights that are the same when it is made again',
    () => ({ buffers: { count: tf.variable(tf.scalar(counter++)) } }),
  ],
  ['gives finite float32 scores [n, numClasses]', () => ({ numClasses: 4 })],
  ['gives logits, not probabilities', (model) => ({ logits: (x) => tf.tidy(() => tf.softmax(model.logits(x))) })],
  [
    'gives the same scores for the same input',
    (model) => ({ logits: (x) => tf.tidy(() => tf.add(model.logits(x), counter++)) }),
  ],
  [
    'scores each row as if it were alone',
    (model) => ({ logits: (x) => tf.tidy(() => tf.sub(model.logits(x), tf.mean(model.logits(x), 0))) }),
  ],
  [
    'gives features and head together, and head(features(x)) is logits(x)',
    (model) => ({ features: (x) => tf.clone(x), head: (x) => tf.tidy(() => tf.mul(model.logits(x), 2)) }),
  ],
  [
    'has an input gradient that agrees with differences of its scores',
    (model) => ({
      logits: (x) =>
        tf.customGrad((z) => ({
          value: model.logits(z as tf.Tensor),
          gradFunc: () => tf.zerosLike(z as tf.Tensor),
        }))(x),
    }),
  ],
  ['has a gradient in every weight', ({ weights }) => ({ weights: { ...weights, idle: tf.variable(tf.scalar(1)) } })],
  [
    'changes weights in no mode, and buffers in mode train only',
    (model) => {
      const calls = tf.variable(tf.scalar(0));
      const logits: Classifier['logits'] = (x) => {
        tf.tidy(() => calls.assign(tf.add(calls, 1)));
        return model.logits(x);
      };
      return { buffers: { calls }, logits };
    },
  ],
  [
    'takes eval as the default mode',
    (model) => ({ logits: (x, how) => tf.tidy(() => tf.add(model.logits(x), how === undefined ? 1 : 0)) }),
  ],
  [
    'needs no random numbers when dropout is off, and gives the same twice',
    (model) => ({
      logits: (x, how) =>
        tf.tidy(() => tf.add(model.logits(x), how?.dropout === false ? how.rng!.normal('drop', [1]) : 0)),
    }),
  ],
  [
    'draws the same dropout from the same rng, in probe as in train',
    (model) => ({ logits: (x) => tf.tidy(() => tf.add(model.logits(x), tf.randomUniform([1]))) }),
  ],
  ['leaves exactly its result behind, in every mode', (model) => ({ logits: (x) => tf.mul(model.logits(x), 2) })],
  [
    'gives features and scores that belong to the caller alone',
    (model) => ({ features: (x) => x, head: (x) => model.logits(x) }),
  ],
  ['dispose frees what making it allocated', () => ({ dispose: () => undefined })],
];

describe('a broken model is noticed', () => {
  it.each(breaks)('%s', async (name, broken) => {
    const checks = modelContract(() => {
      const model = sound();
      return { ...model, ...broken(model) };
    });
    await expect(checks.find((check) => check.name === name)!.run()).rejects.toThrow();
  });
});
