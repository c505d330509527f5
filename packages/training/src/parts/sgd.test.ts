import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adam, adamw, erm, fit, sgd } from '../index.js';
import { fixture, fixtureData, fixtureModel } from '../../test/support/fixture.js';
import { recorder } from '../../test/support/recorder.js';

beforeAll(() => tf.setBackend('cpu'));

describe("optimizers follow PyTorch's step by step", () => {
  it.each(fixture.runs)('$optimizer $options', async ({ optimizer, options, losses, weights }) => {
    const before = tf.memory().numTensors;
    const model = fixtureModel();
    const { binding, copies } = recorder();
    const { history } = await fit({
      model,
      data: fixtureData(),
      objective: erm(),
      optimizer: { sgd, adam, adamw }[optimizer](options),
      averager: binding,
      keep: 'last',
      steps: weights.length,
      batchSize: fixture.batch,
      learningRate: fixture.rate,
      logEvery: 1,
    });
    expect(copies).toHaveLength(20);
    history.forEach((event, step) => {
      if (event.type === 'metrics') expect(event.loss['total']).toBeCloseTo(losses[step]!, 5);
    });
    for (const [step, copy] of copies.entries())
      for (const [name, tensor] of Object.entries(copy)) {
        const found = await tensor.data();
        weights[step]![name]!.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(5e-6));
      }
    tf.dispose(copies);
    model.dispose!();
    expect(tf.memory().numTensors).toBe(before);
  });
});

it.each([{ momentum: 1 }, { momentum: -0.1 }, { nesterov: true }, { weightDecay: -1 }, { momentun: 0.9 }])(
  'sgd refuses %j',
  (options) => {
    expect(() => sgd(options as object)).toThrowError(expect.objectContaining({ code: 'ADVROB_OPTION' }));
  },
);
