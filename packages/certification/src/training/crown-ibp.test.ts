import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { objectiveContract, trainerContract } from '@advrob/core/testing';
import { compactCnn } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { denseNet, goldenNets } from '../../test/nets.js';
import { randomNet } from '../../test/random-net.js';
import { contextFor, gradientError, lossOf, trainedNet } from '../../test/trained-net.js';
import { crownIbp, crownIbpTrainer, linearMargins } from './crown-ibp.js';
import { ibp } from './ibp.js';
import { boundedPass, boxAround } from './layers.js';

beforeAll(() => tf.setBackend('cpu'));

describe('objective crown-ibp', () => {
  for (const { name, run } of objectiveContract(() => crownIbp())) it(name, run);
});
describe('trainer crown-ibp', () => {
  for (const { name, run } of trainerContract(() => crownIbpTrainer())) it(name, run);
});

describe('the linear bounds of crown-ibp', () => {
  it('are those of the golden nets', async () => {
    // Of the second net a neuron has the ends -0.6 and 0.6, where rounding chooses the slope.
    for (const [i, epsilon, wanted] of [
      [0, 0.25, 0.279817],
      [2, 0.3, -6.0661458],
    ] as const) {
      const { x, layers } = goldenNets[i]!;
      const model = await denseNet(layers);
      const found = tf.tidy(() => {
        const point = tf.tensor2d([[...x]]);
        const box = boxAround(point, tf.scalar(epsilon), [-9, 9]);
        return boundedPass(
          model,
          point,
          box,
          undefined,
          (pass) => linearMargins(pass, tf.tensor1d([0], 'int32')).dataSync()[1]!,
        );
      });
      expect(Math.abs(found - wanted)).toBeLessThan(2e-6 * Math.max(1, Math.abs(wanted)));
    }
  });

  it('are below every point of the ball, for all kinds of layers', async () => {
    for (let seed = 20; seed < 35; seed++) {
      const { model, what, dispose } = await randomNet(seed);
      const worst = tf.tidy(() => {
        const [low, high] = model.bounds;
        const x = tf.randomUniform([1, ...model.inputShape], low, high, 'float32', seed);
        const radius = tf.scalar(0.05 * (high - low));
        const box = boxAround(x, radius, model.bounds);
        const label = tf.tensor1d([0], 'int32');
        const bounds = boundedPass(model, x, box, undefined, (pass) => linearMargins(pass, label));
        const share = tf.randomUniform([200, ...model.inputShape], 0, 1, 'float32', seed + 1);
        const corners = tf.cast(tf.greater(share, 0.5), 'float32');
        const points = tf.add(box.low, tf.mul(tf.concat([share, corners]), tf.sub(box.high, box.low)));
        const logits = model.logits(points);
        const margins = tf.sub(tf.slice(logits, [0, 0], [-1, 1]), logits);
        const room = tf.mul(tf.add(tf.max(tf.abs(logits)), 1), 1e-4);
        return tf.min(tf.add(tf.sub(margins, bounds), room)).dataSync()[0]!;
      });
      expect(worst, `${seed}: ${what}`).toBeGreaterThan(0);
      dispose();
    }
  });

  it('are the margins of the logits where the box has no width', () => {
    const cnn = compactCnn({ inputShape: [12, 12, 1], channels: [4, 4], hidden: 8 })(0);
    const found = tf.tidy(() => {
      const x = tf.randomUniform([2, ...cnn.inputShape], 0, 1, 'float32', 3);
      const y = tf.tensor1d([1, 4], 'int32');
      return boundedPass(cnn, x, boxAround(x, tf.scalar(0), [0, 1]), undefined, (pass) => {
        const own = tf.sum(tf.mul(pass.logits, tf.oneHot(y, 10)), 1, true);
        return tf.max(tf.abs(tf.sub(linearMargins(pass, y), tf.sub(own, pass.logits)))).dataSync()[0]!;
      });
    });
    expect(found).toBeLessThan(1e-4);
    cnn.dispose?.();
  });
});

describe('crown-ibp', () => {
  it('is ibp at the end of the ramp, and between both before', async () => {
    const model = trainedNet();
    const at = async (factor: number) => lossOf(crownIbp(), model, contextFor(model, 0.1, factor));
    const end = await at(1);
    const intervals = await lossOf(ibp(), model, contextFor(model, 0.1, 1));
    expect(end).toEqual(intervals);
    const middle = await at(0.5);
    const wider = await lossOf(ibp(), model, contextFor(model, 0.1, 0.5));
    expect(middle.terms['robust']).not.toBe(wider.terms['robust']);
    model.dispose!();
  });

  it.each([
    ['ReLU', tf.relu],
    ['leaky ReLU', (x: tf.Tensor) => tf.leakyRelu(x, 0.1)],
    ['tanh', tf.tanh],
    ['abs', tf.abs],
  ])('has gradients that are those of the loss, with %s', async (_, activation) => {
    const model = trainedNet(activation);
    const places = [
      ['filter', 4],
      ['filter', 11],
      ['bias', 1],
      ['kernel', 7],
    ] as const;
    expect(await gradientError(crownIbp({ kappa: 0 }), model, contextFor(model, 0.05, 0.5), places)).toBeLessThan(5e-3);
    model.dispose!();
  });
});
