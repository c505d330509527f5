import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adamw, awp, ema, erm, fit, free, sgd, swa } from '../index.js';
import { expectWeights, fixtureData, fixtureModel, readFixture, type Values } from '../../test/support/fixture.js';
import { recorder } from '../../test/support/recorder.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';

/** Steps of PyTorch in float64; see tooling/oracle/training/wrappers.py. */
const fixture = readFixture<{
  rate: number;
  steps: number;
  awp: { options: object; optimizer: 'sgd' | 'adamw'; weights: Values[] }[];
  averages: { averager: 'swa' | 'ema'; options: never; weights: Values }[];
  free: { norm: 'linf' | 'l2'; epsilon: number; replays: number; after: { weights: Values; delta: number[] }[] }[];
}>('wrappers');

const shared = { steps: fixture.steps, batchSize: 8, learningRate: fixture.rate, logEvery: 100 } as const;
let tensorsBefore: number;
beforeAll(() => tf.setBackend('cpu'));
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

describe('awp', () => {
  const optimizers = { sgd: sgd({ momentum: 0.9, weightDecay: 0.05 }), adamw: adamw({ weightDecay: 0.1 }) };

  it.each(fixture.awp)('follows its official order of steps: $optimizer $options', async (run) => {
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
    expect(copies).toHaveLength(fixture.steps);
    for (const [step, copy] of copies.entries()) await expectWeights(copy, run.weights[step]!, 1e-5);
    tf.dispose(copies);
    model.dispose!();
  });

  it('is not what a gradient at perturbed weights alone gives: weight decay acts there too', async () => {
    const [run] = fixture.awp;
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

  it('moves each kernel by gamma times its length, biases not at all, and leaves no trace when the gradient fails', async () => {
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
          return { total: tf.mean(tf.square(logits(x!, how))) as tf.Tensor };
        },
      },
      transforms: [awp({ gamma: 0.02 })],
      steps: 2,
      batchSize: 8,
    });
    await expect(failing).rejects.toThrow('at the perturbed weights');
    expect(await valuesOf(model)).toEqual(before);
    model.dispose!();
  });

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

describe('averages', () => {
  it.each(fixture.averages)("$averager $options is PyTorch's AveragedModel", async ({ averager, options, weights }) => {
    const model = fixtureModel();
    await fit({
      ...shared,
      model,
      data: fixtureData(),
      objective: erm(),
      optimizer: sgd({ momentum: 0.9 }),
      averager: { swa, ema }[averager](options),
    });
    await expectWeights(model.weights, weights, 1e-5);
    model.dispose!();
  });

  it('are the weights themselves until swa starts, and are not measured before', async () => {
    const model = tinyModel();
    const validation = { data: tinyData({ length: 10, seed: 9 }) };
    const run = { model, data: tinyData(), objective: erm(), batchSize: 8, epochs: 3, validation };
    const { history } = await fit({ ...run, averager: swa({ start: 2 }) });
    const measured = history.flatMap((event) =>
      event.type === 'validation' ? [`${event.weights} ${event.epoch}`] : [],
    );
    expect(measured).toEqual(['trained 1', 'trained 2', 'trained 3', 'averaged 3']);
    const twin = tinyModel();
    const late = await fit({ ...run, model: twin, averager: swa({ start: 9 }) });
    expect(late.history.every((event) => event.type === 'metrics' || event.weights === 'trained')).toBe(true);
    const plain = tinyModel();
    await fit({ ...run, model: plain });
    const [averaged, trained] = [await valuesOf(twin), await valuesOf(plain)];
    for (const name of Object.keys(plain.weights)) expect(averaged[name]).toEqual(trained[name]);
    for (const { dispose } of [model, twin, plain]) dispose!();
  });

  it('end with statistics of batch norm that one pass of the clean data gives, without dropout', async () => {
    const model = tinyModel({ dropout: 0.5 });
    const data = tinyData();
    await fit({ model, data, objective: erm(), averager: ema({ decay: 0.5 }), batchSize: 8, epochs: 2 });
    const found = await valuesOf(model);
    const sums = { mean: Array<number>(5).fill(0), variance: Array<number>(5).fill(0) };
    for await (const { x, y } of data.batches({ size: 8 })) {
      const { 'fc1.weight': weight, 'fc1.bias': bias } = model.weights as Record<string, tf.Tensor>;
      const { mean, variance } = tf.tidy(() =>
        tf.moments(tf.add(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D), bias!), 0),
      );
      (await mean.data()).forEach((value, i) => (sums.mean[i]! += value / 3));
      (await variance.data()).forEach((value, i) => (sums.variance[i]! += value / 3));
      tf.dispose([x, y, mean, variance]);
    }
    found['norm.mean']!.forEach((value, i) => expect(value).toBeCloseTo(sums.mean[i]!, 5));
    found['norm.variance']!.forEach((value, i) => expect(value).toBeCloseTo(sums.variance[i]!, 5));
    model.dispose!();
  });

  it('swa wants to be told when it starts', () => {
    expect(() => swa({} as never)).toThrowError(expect.objectContaining({ code: 'ADVROB_OPTION' }));
  });
});

describe('free adversarial training', () => {
  it.each(fixture.free)('$norm, $replays replays: weights and perturbation, step by step', async (run) => {
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
