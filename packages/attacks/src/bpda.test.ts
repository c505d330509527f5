import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Classifier } from '@advrob/core';
import { crossEntropy } from '@advrob/core/losses';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  fixture,
  largestDifference,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from '../test/support/smooth-net.js';
import { bpda } from './bpda.js';
import { deepfool } from './deepfool.js';
import { pgd } from './pgd.js';
import { square } from './square/square.js';

interface Gradients {
  readonly weights: SmoothWeights;
  readonly levels: number;
  readonly sharpness: number;
  readonly bpda: readonly {
    readonly backward: 'identity' | 'staircase';
    readonly x: Nested;
    readonly y: Nested;
    readonly gradient: Nested;
    readonly logits: Nested;
    readonly loss: Nested;
  }[];
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const quantised =
  (levels: number) =>
  (x: tf.Tensor): tf.Tensor =>
    tf.div(tf.round(tf.mul(x, levels)), levels);

describe('PyTorch fixtures', () => {
  const { weights, levels, sharpness, bpda: runs } = fixture<Gradients>('adam-and-bpda.json');
  const staircase = (x: tf.Tensor): tf.Tensor =>
    tf.div(
      tf.addN(
        Array.from({ length: levels }, (_, k) => tf.sigmoid(tf.mul(tf.sub(tf.mul(x, levels), k + 0.5), sharpness))),
      ),
      levels,
    );

  it.each(runs)('the gradient with the $backward behind a quantiser', async (run) => {
    const net = smoothNet(weights);
    const preprocess = quantised(levels);
    const defended = bpda(net, run.backward === 'identity' ? { preprocess } : { preprocess, approximation: staircase });
    const [x, y] = [tensorOf(run.x), tensorOf(run.y, 'int32')];
    expect(largestDifference(await defended.logits(x).data(), run.logits)).toBeLessThan(1e-5);
    // The same bits as without the wrapper.
    expect([...(await defended.logits(x).data())]).toEqual([...(await net.logits(preprocess(x)).data())]);
    const gradient = tf.grad((at) => tf.sum(crossEntropy(defended.logits(at), y)))(x);
    expect(largestDifference(await gradient.data(), run.gradient)).toBeLessThan(1e-5);
  });
});

describe('a quantised linear model', () => {
  const slopes = [0.5, -2, 1, 0.25];
  const base = linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [0, 0.3] });
  const preprocess = quantised(10);
  const hidden: Classifier = { ...base, logits: (x, how) => tf.tidy(() => base.logits(preprocess(x), how)) };
  const defended = bpda(base, { preprocess });
  const x = tf.tensor2d([[0.5, 0.4, 0.5, 0.6]]);
  const y = tf.tensor1d([1], 'int32');
  const ball = { norm: 'linf', epsilon: 0.2 } as const;

  it('withstands PGD, which finds no gradient, but not PGD behind BPDA', async () => {
    const attack = pgd({ steps: 10, start: 'zero' });
    expect([...(await attack.run(hidden, x, y, ball)).success]).toEqual([0]);
    const { success, adversarial } = await attack.run(defended, x, y, ball);
    expect([...success]).toEqual([1]);
    // Success is that of the true forward pass.
    const label = tf.argMax(hidden.logits(adversarial), 1);
    expect([...(await label.data())]).toEqual([0]);
  });

  it('reaches what the ball holds', async () => {
    const adv = await pgd({ steps: 10, start: 'zero' }).maximize(defended, x, y, ball);
    const change = tf.sub(adv, x);
    slopes.forEach((slope, i) => expect(change.dataSync()[i]).toBeCloseTo(-0.2 * Math.sign(slope), 5));
  });

  it('serves minimal norms and attacks without gradients as well', async () => {
    const { closest } = await deepfool({ overshoot: 0.3 }).run(defended, x, y, { norm: 'l2', epsilon: Infinity });
    expect(closest[0]).toBeLessThan(0.5);
    const { success } = await square({ queries: 50 }).run(defended, x, y, { norm: 'linf', epsilon: 0.3 });
    expect([...success]).toEqual([1]);
  });

  it('frees all', () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => tf.grad((at) => tf.sum(defended.logits(at)))(x)).dispose();
    defended.logits(x).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('shapes and bounds', () => {
  const base = linearClassifier({
    weights: [
      [1, 0],
      [1, 0],
      [1, 0],
      [1, 0],
    ],
    bias: [0, 1],
  });
  /** Two values become four, a thermometer of two levels each. */
  const thermometer = (x: tf.Tensor): tf.Tensor =>
    tf.cast(tf.concat([tf.greater(x, 85), tf.greater(x, 170)], 1), 'float32');

  it('may differ, with a stand-in of the same outputs', async () => {
    const model = bpda(base, {
      preprocess: thermometer,
      approximation: (x) =>
        tf.concat([tf.sigmoid(tf.div(tf.sub(x, 85), 20)), tf.sigmoid(tf.div(tf.sub(x, 170), 20))], 1),
      inputShape: [2],
      bounds: [0, 255],
    });
    expect(model.inputShape).toEqual([2]);
    const x = tf.tensor2d([[60, 60]]);
    const { success } = await pgd({ steps: 10 }).run(model, x, tf.tensor1d([1], 'int32'), {
      norm: 'linf',
      epsilon: 130,
    });
    expect([...success]).toEqual([1]);
  });

  it('must fit: the error says what to pass', () => {
    const model = bpda(base, { preprocess: thermometer, inputShape: [2], bounds: [0, 255] });
    const before = tf.memory().numTensors;
    const x = tf.zeros([1, 2]);
    expect(() => model.logits(x)).toThrow(/preprocess gives \[1, 4\] but the identity.*gives \[1, 2\].*approximation/);
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keep features and head of the model', () => {
    const withFeatures: Classifier = { ...base, features: (x) => tf.mul(x, 2), head: (f) => base.logits(tf.div(f, 2)) };
    const model = bpda(withFeatures, { preprocess: (x) => tf.round(x) });
    const x = tf.tensor2d([[0.6, 0.2, 0.7, 0.1]]);
    expect([...model.features!(x).dataSync()]).toEqual([2, 0, 2, 0]);
    expect([...model.head!(model.features!(x)).dataSync()]).toEqual([...model.logits(x).dataSync()]);
    expect(bpda(base, { preprocess: (at) => at }).features).toBeUndefined();
  });
});
