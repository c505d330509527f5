import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { objectiveContract, trainerContract } from '@advrob/core/testing';
import { layerGraph } from '@advrob/models/layer-graph';
import { erm } from '@advrob/training';
import { compactCnn, fromFunction } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomNet } from '../../test/random-net.js';
import { contextFor, fixture, gradientError, lossOf, trainedNet } from '../../test/trained-net.js';
import { ballsAround } from '../bounds/input-set.js';
import { marginRows, solve } from '../bounds/solve.js';
import { ibp, ibpTrainer } from './ibp.js';
import { boundedPass, boxAround, intervalMargins } from './layers.js';

beforeAll(() => tf.setBackend('cpu'));

describe('objective ibp', () => {
  for (const { name, run } of objectiveContract(() => ibp({ regularization: 0.5 }))) it(name, run);
});
describe('trainer ibp', () => {
  for (const { name, run } of trainerContract(() => ibpTrainer())) it(name, run);
});

describe('ibp', () => {
  it('takes the steps of PyTorch', async () => {
    const before = tf.memory().numTensors;
    const model = trainedNet();
    const { kappa, epsilon, factor, rate } = fixture;
    for (const { terms, gradients, weights } of fixture.steps) {
      const found = await lossOf(ibp({ kappa }), model, contextFor(model, epsilon, factor));
      expect(Object.keys(found.terms).sort()).toEqual(Object.keys(terms).sort());
      for (const [name, value] of Object.entries(terms))
        expect(Math.abs(found.terms[name]! - value)).toBeLessThan(1e-5);
      for (const [name, values] of Object.entries(gradients))
        values.forEach((value, i) => expect(Math.abs(found.gradients[name]![i]! - value), name).toBeLessThan(1e-5));
      for (const [name, variable] of Object.entries(model.weights)) {
        tf.tidy(() => {
          variable.assign(tf.sub(variable, tf.mul(tf.tensor(found.gradients[name]!, variable.shape), rate)));
        });
        const now = variable.dataSync();
        weights[name]!.forEach((value, i) => expect(Math.abs(now[i]! - value), name).toBeLessThan(1e-5));
      }
    }
    model.dispose!();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is cross-entropy with kappa 1, at epsilon 0, and where the ramp begins', async () => {
    const model = trainedNet();
    const clean = await lossOf(erm() as never, model, contextFor(model, 0.1));
    for (const found of [
      await lossOf(ibp({ kappa: 1 }), model, contextFor(model, 0.1)),
      await lossOf(ibp({ kappa: 0 }), model, contextFor(model, 0)),
      await lossOf(ibp({ kappa: 0 }), model, contextFor(model, 0.1, 0)),
    ]) {
      expect(found.terms['total']).toBeCloseTo(clean.terms['total']!, 5);
      for (const [name, values] of Object.entries(clean.gradients))
        values.forEach((value, i) => expect(found.gradients[name]![i]).toBeCloseTo(value, 5));
    }
    model.dispose!();
  });

  it('has the closed form of a linear model: margins less epsilon times the dual norm', async () => {
    const w = tf.variable(tf.tensor2d([0.5, -0.3, 0.2, 0.8, -0.6, 0.1], [3, 2]));
    const model = await fromFunction((x) => tf.matMul(x as tf.Tensor2D, w), {
      inputShape: [3],
      bounds: [0, 1],
      outputs: 'logits',
    });
    const x = [0.4, 0.5, 0.6];
    const difference = [0.8, -0.6, -0.7];
    const margin = difference.reduce((sum, each, i) => sum + each * x[i]!, 0) - 0.1 * 2.1;
    const found = tf.tidy(() => {
      const point = tf.tensor2d([x]);
      const box = boxAround(point, tf.scalar(0.1), [0, 1]);
      return boundedPass(model, point, box, undefined, (pass) =>
        Array.from(intervalMargins(pass, tf.tensor1d([0], 'int32')).dataSync()),
      );
    });
    expect(found[0]).toBe(0);
    expect(found[1]).toBeCloseTo(margin, 6);
    w.dispose();
    model.dispose?.();
  });

  it('has the bounds of the certifier', async () => {
    const nets = await Promise.all([3, 4, 5, 6, 7].map((seed) => randomNet(seed)));
    const cnn = compactCnn({ inputShape: [12, 12, 1], channels: [4, 4], hidden: 8 })(0);
    for (const { model, dispose } of [...nets, { model: cnn, dispose: () => cnn.dispose?.() }]) {
      const graph = await layerGraph(model);
      const size = model.inputShape.reduce((product, side) => product * side, 1);
      const [low, high] = model.bounds;
      const x = Float32Array.from({ length: 2 * size }, (_, i) => low + (high - low) * (((i * 37) % 100) / 100));
      const labels = [0, model.numClasses - 1];
      const epsilon = 0.02 * (high - low);
      const set = ballsAround(x, model.inputShape, { norm: 'linf', epsilon, bounds: model.bounds });
      const options = { method: 'ibp', isOutward: false, memory: 2 ** 24 } as const;
      const { bounds } = await solve(graph, set, marginRows(labels, model.numClasses), options);
      const found = tf.tidy(() => {
        const point = tf.tensor(x, [2, ...model.inputShape]);
        const box = boxAround(point, tf.scalar(epsilon), model.bounds);
        return boundedPass(model, point, box, undefined, (pass) => {
          expect(pass.nodes.length).toBe(graph.nodes.length);
          return intervalMargins(pass, tf.tensor1d(labels, 'int32')).arraySync() as number[][];
        });
      });
      const others = found.flatMap((row, n) => row.filter((_, k) => k !== labels[n]));
      const isDense = graph.nodes.at(-1)!.op === 'dense';
      others.forEach((value, i) => {
        const difference = value - bounds[i]!;
        if (isDense) expect(Math.abs(difference)).toBeLessThan(1e-5 * Math.max(1, Math.abs(bounds[i]!)));
        else expect(difference).toBeLessThan(1e-5 * Math.max(1, Math.abs(bounds[i]!)));
      });
      graph.dispose();
      dispose();
    }
  });

  it('has gradients that are those of the loss, by central differences', async () => {
    const places = [
      ['filter', 4],
      ['filter', 11],
      ['bias', 1],
      ['kernel', 7],
      ['last', 2],
    ] as const;
    const model = trainedNet(tf.tanh);
    expect(await gradientError(ibp({ kappa: 0.2 }), model, contextFor(model, 0.1, 0.7), places)).toBeLessThan(2e-3);
    model.dispose!();
  });

  it('trains for Linf alone, and says which layer has no bounds', async () => {
    const model = trainedNet();
    const context = contextFor(model, 0.1);
    const l2 = { ...context, threat: { ...context.threat, norm: 'l2' } as never };
    await expect(ibp().prepare({ x: tf.zeros([1]), y: tf.zeros([1]) } as never, l2)).rejects.toMatchObject({
      code: 'ADVROB_NORM',
    });
    const wave = trainedNet(tf.sin);
    await expect(ibp().prepare({} as never, contextFor(wave, 0.1))).rejects.toMatchObject({
      code: 'ADVROB_CERTIFY',
      message: expect.stringContaining('Sin'),
    });
    for (const each of [model, wave]) each.dispose!();
  });
});
