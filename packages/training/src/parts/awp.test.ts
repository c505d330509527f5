import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { testTransform } from '../../test/support/contracts.js';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { expectWeights, fixtureData, fixtureModel } from '../../test/support/fixture.js';
import { recorder } from '../../test/support/recorder.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';
import { shared, wrappers } from '../../test/support/wrappers.js';
import { fit } from '../fit/fit.js';
import { erm } from '../methods/erm.js';
import { adamw } from './adam.js';
import { awp } from './awp.js';
import { sgd } from './sgd.js';

testTransform(awp, { options: { gamma: 0.05 } });
expectNoLeaks();

describe('awp', () => {
  const optimizers = { sgd: sgd({ momentum: 0.9, weightDecay: 0.05 }), adamw: adamw({ weightDecay: 0.1 }) };

  it.each(wrappers.awp)('follows its official order of steps: $optimizer $options', async (run) => {
    const model = fixtureModel();
    const { binding, copies } = recorder();
    await fit({
      ...shared,
      model,
      data: fixtureData(),
      objective: erm(),
      optimizer: optimizers[run.optimizer],
      transforms: [awp(run.options)],
      averager: binding,
      keep: 'last',
    });
    expect(copies).toHaveLength(wrappers.steps);
    for (const [step, copy] of copies.entries()) await expectWeights(copy, run.weights[step]!, 1e-5);
    tf.dispose(copies);
    model.dispose!();
  });

  it('is not what a gradient at perturbed weights alone gives: weight decay acts there too', async () => {
    const [run] = wrappers.awp;
    const model = fixtureModel();
    await fit({
      ...shared,
      model,
      data: fixtureData(),
      objective: erm(),
      optimizer: (bound) => {
        const { step, ...rest } = optimizers.sgd(bound);
        return { ...rest, step: (work) => step({ ...work, update: (body) => void tf.tidy(body) }) };
      },
      transforms: [awp(run!.options)],
    });
    const { w1 } = await valuesOf(model);
    const apart = w1!.map((value, i) => Math.abs(value - run!.weights.at(-1)!['w1']![i]!));
    expect(Math.max(...apart)).toBeGreaterThan(1e-4);
    model.dispose!();
  });

  it.each([1, 1e-25])(
    'moves each kernel by gamma times its length, biases not at all, and leaves no trace when the gradient fails, loss times %s',
    async (scale) => {
      const model = tinyModel();
      const before = await valuesOf(model);
      let passes = 0;
      const failing = fit({
        model,
        data: tinyData(),
        objective: {
          prepare: async ({ x }) => ({ x }),
          loss({ x }, { logits, weights }, how) {
            if (passes++ === 1) {
              for (const [name, weight] of Object.entries(weights)) {
                const values = Array.from(weight.dataSync());
                const length = (v: number[]) => Math.hypot(...v);
                const change = length(values.map((value, i) => value - before[name]![i]!));
                expect(change / length(before[name]!)).toBeCloseTo(weight.rank > 1 ? 0.02 : 0, 5);
              }
              throw new Error('at the perturbed weights');
            }
            return { total: tf.mul(tf.mean(tf.square(logits(x!, how))), scale) as tf.Tensor };
          },
        },
        transforms: [awp({ gamma: 0.02 })],
        steps: 2,
        batchSize: 8,
      });
      await expect(failing).rejects.toThrow('at the perturbed weights');
      expect(await valuesOf(model)).toEqual(before);
      model.dispose!();
    },
  );

  it('stays where it is when the gradient is 0', async () => {
    const model = tinyModel();
    const before = await valuesOf(model);
    await fit({
      model,
      data: tinyData(),
      objective: {
        prepare: async ({ x }) => ({ x }),
        loss: ({ x }, { logits }) => ({ total: tf.mul(tf.mean(logits(x!)), 0) as tf.Tensor }),
      },
      optimizer: sgd(),
      transforms: [awp()],
      steps: 2,
      batchSize: 8,
    });
    expect(await valuesOf(model)).toEqual(before);
    model.dispose!();
  });
});
