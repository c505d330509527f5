import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { objectiveContract, trainerContract } from '@advrob/core/testing';
import { pgdAt } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contextFor, lossOf, trainedNet } from '../../test/trained-net.js';
import { ibp } from './ibp.js';
import { mtlIbp, mtlIbpTrainer } from './mtl-ibp.js';

beforeAll(() => tf.setBackend('cpu'));

describe('objective mtl-ibp', () => {
  for (const { name, run } of objectiveContract(() => mtlIbp())) it(name, run);
});
describe('trainer mtl-ibp', () => {
  for (const { name, run } of trainerContract(() => mtlIbpTrainer())) it(name, run);
});

describe('mtl-ibp', () => {
  it.each([
    ['ibp without a clean loss', 1, () => ibp({ kappa: 0 })],
    ['pgd-at', 0, pgdAt],
  ] as const)('is %s with alpha %s', async (_, alpha, other) => {
    const model = trainedNet();
    const context = contextFor(model, 0.1);
    const found = await lossOf(mtlIbp({ alpha }), model, context);
    const wanted = await lossOf(other() as never, model, context);
    expect(found.terms['total']).toBeCloseTo(wanted.terms['total']!, 6);
    for (const [name, values] of Object.entries(wanted.gradients))
      values.forEach((value, i) => expect(found.gradients[name]![i]).toBeCloseTo(value, 6));
    model.dispose!();
  });

  it('is their mixture in between', async () => {
    const model = trainedNet();
    const { total, attacked, robust } = (await lossOf(mtlIbp({ alpha: 0.2 }), model, contextFor(model, 0.1))).terms;
    expect(total).toBeCloseTo(0.2 * robust! + 0.8 * attacked!, 6);
    expect(robust).toBeGreaterThan(attacked!);
    model.dispose!();
  });
});
