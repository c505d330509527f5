import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { objectiveContract, trainerContract } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contextFor, lossOf, trainedBatch, trainedNet } from '../../test/trained-net.js';
import { ibp } from './ibp.js';
import { sabr, sabrTrainer } from './sabr.js';

beforeAll(() => tf.setBackend('cpu'));

describe('objective sabr', () => {
  for (const { name, run } of objectiveContract(() => sabr({ l1: 0.01 }))) it(name, run);
});
describe('trainer sabr', () => {
  for (const { name, run } of trainerContract(() => sabrTrainer())) it(name, run);
});

describe('sabr', () => {
  it('is ibp with lambda 1', async () => {
    const model = trainedNet();
    const context = contextFor(model, 0.1, 0.8);
    const [a, b] = [
      await lossOf(sabr({ lambda: 1, kappa: 0.25 }), model, context),
      await lossOf(ibp({ kappa: 0.25 }), model, context),
    ];
    expect(a.terms).toEqual(b.terms);
    expect(a.gradients).toEqual(b.gradients);
    model.dispose!();
  });

  it('has a box of lambda epsilon that lies within the ball, and holds the point or is nearest to it', async () => {
    const model = trainedNet();
    const [epsilon, lambda] = [0.2, 0.25];
    const context = contextFor(model, epsilon);
    const batch = trainedBatch();
    const point = await context.maximize(batch);
    const values = await sabr({ lambda }).prepare(batch, context);
    const [x, found, center] = [batch.x, point, values.center].map((each) => Array.from(each.dataSync())) as [
      number[],
      number[],
      number[],
    ];
    expect(values.radius.dataSync()[0]).toBeCloseTo(lambda * epsilon, 6);
    let moved = 0;
    center.forEach((value, i) => {
      expect(Math.abs(value - x[i]!) + lambda * epsilon).toBeLessThan(epsilon + 1e-6);
      const room = (1 - lambda) * epsilon;
      expect(value).toBeCloseTo(Math.min(x[i]! + room, Math.max(x[i]! - room, found[i]!)), 6);
      if (Math.abs(value - found[i]!) > 1e-6) moved++;
    });
    expect(moved).toBeGreaterThan(0);
    tf.dispose([batch.x, batch.y, point, values]);
    model.dispose!();
  });

  it('adds the size of weights with more than one axis', async () => {
    const model = trainedNet();
    const context = contextFor(model, 0.1);
    const totals = await Promise.all(
      [0, 0.01].map(async (l1) => (await lossOf(sabr({ l1 }), model, context)).terms['total']!),
    );
    const size = ['filter', 'kernel'].reduce(
      (sum, name) => sum + Array.from(model.weights[name]!.dataSync()).reduce((all, each) => all + Math.abs(each), 0),
      0,
    );
    expect(totals[1]! - totals[0]!).toBeCloseTo(0.01 * size, 5);
    model.dispose!();
  });

  it('refuses a box of no size', () => {
    expect(() => sabr({ lambda: 0 })).toThrowError(expect.objectContaining({ code: 'ADVROB_OPTION' }));
  });
});
