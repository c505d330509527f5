import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { testObjective, testTrainer } from '../../test/support/contracts.js';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { expectWeights, fixtureData, fixtureModel } from '../../test/support/fixture.js';
import { recorder } from '../../test/support/recorder.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel } from '../../test/support/tiny-model.js';
import { shared, wrappers } from '../../test/support/wrappers.js';
import { fit } from '../fit/fit.js';
import { sgd } from '../parts/sgd.js';
import { free, freeTrainer } from './free.js';

testObjective(free, { lossOf: 'pgd-at', options: { replays: 2 }, refuses: [{ replays: 0 }] });
testTrainer(freeTrainer, { published: { passes: 80, rates: { 39: 0.1, 41: 0.01, 61: 0.001 } } });
expectNoLeaks();

describe('free adversarial training', () => {
  it.each(wrappers.free)('$norm, $replays replays: weights and perturbation, step by step', async (run) => {
    const { norm, epsilon, replays, after } = run;
    const model = fixtureModel();
    const { binding, copies } = recorder();
    const objective = free({ replays });
    const deltas: tf.Tensor[] = [];
    await fit({
      ...shared,
      model,
      data: fixtureData(),
      objective: {
        ...objective,
        afterGradient(terms, inputGradients) {
          objective.afterGradient!(terms, inputGradients);
          deltas.push(tf.keep(tf.clone(objective.state!['delta'] as tf.Tensor)));
        },
      },
      optimizer: sgd({ momentum: 0.9 }),
      threat: { norm, epsilon },
      averager: binding,
      keep: 'last',
    });
    for (const [step, { weights, delta }] of after.entries()) {
      await expectWeights(copies[step]!, weights, 1e-5);
      await expectWeights({ delta: deltas[step]! }, { delta }, 1e-5);
    }
    tf.dispose([copies, deltas]);
    objective.dispose!();
    model.dispose!();
  });

  it('counts a pass over the data once, and its steps m times', async () => {
    const model = tinyModel();
    const objective = free({ replays: 4 });
    const threat = { norm: 'linf', epsilon: 0.1 } as const;
    const result = await fit({ model, data: tinyData(), objective, threat, batchSize: 8, epochs: 2 });
    expect(result).toMatchObject({ steps: 24, epochs: 2 });
    expect((objective.state!['delta'] as Variable).shape).toEqual([8, 4]);
    objective.dispose!();
    model.dispose!();
  });

  it('keeps the perturbation of the rows that a short batch lacks', async () => {
    const model = tinyModel();
    const objective = free({ replays: 1 });
    const threat = { norm: 'linf', epsilon: 0.1 } as const;
    const run = { model, objective, threat, batchSize: 8, dropLast: false } as const;
    await fit({ ...run, data: tinyData({ length: 8 }), steps: 1 });
    const first = (await (objective.state!['delta'] as Variable).data()) as Float32Array;
    await fit({ ...run, data: tinyData({ length: 3 }), steps: 1 });
    const second = (await (objective.state!['delta'] as Variable).data()) as Float32Array;
    expect([...second.slice(12)]).toEqual([...first.slice(12)]);
    expect([...second.slice(0, 12)]).not.toEqual([...first.slice(0, 12)]);
    objective.dispose!();
    model.dispose!();
  });

  it('refuses L0', async () => {
    const model = tinyModel();
    const objective = free();
    const run = fit({ model, data: tinyData(), objective, threat: { norm: 'l0', epsilon: 1 }, batchSize: 8, steps: 1 });
    await expect(run).rejects.toMatchObject({ code: 'ADVROB_NORM' });
    objective.dispose!();
    model.dispose!();
  });
});
