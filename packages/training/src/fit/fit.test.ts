import { memoryStorage, type Classifier, type Objective } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { manyDraws, movingAverage, perturbed } from '../../test/support/doubles.js';
import { signAttack } from '../../test/support/sign-attack.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';
import { watchBackend } from '../../test/support/watched-backend.js';
import { erm } from '../methods/erm.js';
import { pgdAt } from '../methods/pgd-at.js';
import { adam } from '../parts/adam.js';
import { sgd } from '../parts/sgd.js';
import type { TrainingEvent } from './events.js';
import { fit } from './fit.js';
import type { FitOptions } from './options.js';

let model: Classifier;
expectNoLeaks();

beforeEach(() => {
  model = tinyModel();
});
afterEach(() => {
  model.dispose!();
});

const linf = { norm: 'linf', epsilon: 0.1 } as const;
const train = (own: Partial<FitOptions>) =>
  fit({ model, data: tinyData(), objective: erm(), batchSize: 8, steps: 4, ...own } as FitOptions);

describe('fit', () => {
  it('learns, and reports in plain JSON', async () => {
    const events: TrainingEvent[] = [];
    const result = await train({
      data: tinyData({ length: 96 }),
      validation: { data: tinyData({ length: 60, seed: 9 }), every: 10 },
      learningRate: 0.1,
      batchSize: 16,
      epochs: 30,
      steps: undefined as never,
      onEvent: (event) => events.push(event),
    });
    expect(result).toMatchObject({ steps: 180, epochs: 30 });
    expect(result.best!.score).toBeGreaterThan(0.85);
    expect(JSON.parse(JSON.stringify(events))).toEqual(events);
    expect(events.filter(({ type }) => type === 'validation').map(({ step }) => step)).toEqual([60, 120, 180]);
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(180);
    expect(events.at(-1)).toEqual({ type: 'end', step: 180, epoch: 30 });
  });

  it('trains adversarially: more robust than standard training, less accurate on clean data', async () => {
    const data = tinyData({ length: 128 });
    const shared = {
      data,
      threat: { norm: 'linf', epsilon: 0.15 },
      batchSize: 32,
      steps: 200,
      learningRate: 0.2,
    } as const;
    const validation = { data, attack: signAttack({ steps: 6 }), every: 1000 };
    const standard = await train({ ...shared, validation, optimizer: adam() as never, learningRate: 0.03 });
    model.dispose!();
    model = tinyModel();
    const robust = await train({
      ...shared,
      validation,
      objective: pgdAt() as never,
      attack: signAttack({ steps: 6 }),
      epsilonSchedule: { name: 'warm-up', length: 50, unit: 'steps' },
      optimizer: adam() as never,
      learningRate: 0.03,
    });
    const last = ({ history }: typeof robust) => history.findLast((event) => event.type === 'validation')!;
    const [a, b] = [last(standard), last(robust)];
    if (a.type !== 'validation' || b.type !== 'validation') throw new Error('a measurement is expected');
    expect(b.metrics['robustAccuracy']!).toBeGreaterThan(a.metrics['robustAccuracy']! + 0.03);
    expect(a.metrics['accuracy']!).toBeGreaterThan(b.metrics['accuracy']!);
  });

  it('logs the means since the last log, the rate and the epsilon of its last step', async () => {
    const { history } = await train({
      steps: 6,
      logEvery: 3,
      learningRate: 0.1,
      schedule: { name: 'step', at: [3], unit: 'steps' },
      threat: linf,
      epsilonSchedule: { name: 'warm-up', length: 10, unit: 'steps' },
    });
    const single = tinyModel();
    const { history: each } = await train({
      model: single,
      steps: 6,
      logEvery: 1,
      learningRate: 0.1,
      schedule: { name: 'step', at: [3], unit: 'steps' },
    });
    single.dispose!();
    const losses = each.map((event) => (event.type === 'metrics' ? event.loss['total']! : NaN));
    const norms = each.map((event) => (event.type === 'metrics' ? event.gradientNorm.max : NaN));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(history).toEqual(
      [3, 6].map((step, i) => ({
        type: 'metrics',
        step,
        epoch: step / 3,
        rate: [0.1, 0.1 * 0.1][i],
        epsilon: 0.1 * ((step - 1) / 10),
        loss: { total: mean(losses.slice(step - 3, step)) },
        gradientNorm: { mean: mean(norms.slice(step - 3, step)), max: Math.max(...norms.slice(step - 3, step)) },
      })),
    );
  });

  it('reads nothing but at the steps of the log, and settles a lazy backend once a step', async () => {
    const { counts, restore } = watchBackend();
    try {
      const at: { reads: number; flushes: number }[] = [];
      await train({
        steps: 12,
        logEvery: 6,
        dropLast: true,
        data: tinyData({ length: 200 }),
        onEvent: ({ type }) => type === 'step' && at.push({ ...counts }),
      });
      // Until the sixth step nothing; then that log's reads; until the twelfth nothing again.
      expect(at.slice(0, 6).map(({ reads }) => reads)).toEqual(Array(6).fill(0));
      expect(new Set(at.slice(6).map(({ reads }) => reads)).size).toBe(1);
      expect(at.slice(0, 6).map(({ flushes }) => flushes)).toEqual([1, 2, 3, 4, 5, 6]);
    } finally {
      restore();
    }
  });

  it('keeps its memory flat over 1,000 steps', async () => {
    const counts: number[] = [];
    await train({
      steps: 1000,
      logEvery: 10,
      optimizer: sgd({ momentum: 0.9 }) as never,
      averager: movingAverage(0.9),
      onEvent: ({ type }) => type === 'metrics' && counts.push(tf.memory().numTensors),
    });
    expect(counts).toHaveLength(100);
    expect(new Set(counts).size).toBe(1);
  });

  it('turns epochs into steps by the batches that the optimizer draws', async () => {
    const { steps, epochs } = await train({ optimizer: manyDraws(2), epochs: 4, steps: undefined as never });
    expect({ steps, epochs }).toEqual({ steps: 6, epochs: 4 });
  });

  it('gives transforms the work of those before them', async () => {
    const seen: string[] = [];
    const spy =
      (name: string): NonNullable<FitOptions['transforms']>[number] =>
      (work) => ({
        ...work,
        gradient(prepared, options) {
          seen.push(name);
          return work.gradient(prepared, options);
        },
      });
    await train({ steps: 1, transforms: [spy('first'), spy('second')] });
    expect(seen).toEqual(['second', 'first']);
  });

  it('leaves buffers alone in probes: a perturbation of size 0 changes nothing', async () => {
    const plain = tinyModel();
    await train({ model: plain });
    await train({ transforms: [perturbed(0)] });
    expect(await valuesOf(model)).toEqual(await valuesOf(plain));
    plain.dispose!();
  });

  it('ends with the averaged weights, and with statistics of batch norm for them', async () => {
    const storage = memoryStorage();
    await train({ averager: movingAverage(0.5), checkpoint: { storage }, steps: 6 });
    expect([...storage.files.keys()].sort()).toEqual([
      'averaged.safetensors',
      'checkpoint.previous.safetensors',
      'checkpoint.safetensors',
      'last.safetensors',
    ]);
    expect(storage.files.get('averaged.safetensors')).not.toEqual(storage.files.get('last.safetensors'));
    const averaged = await valuesOf(model);
    model.dispose!();
    model = tinyModel();
    await train({ averager: movingAverage(0.5), keep: 'last', steps: 6 });
    expect(await valuesOf(model)).not.toEqual(averaged);
  });
});

describe('fit stops', () => {
  it('with a clear error and the last sound weights when it diverges', async () => {
    const storage = memoryStorage();
    const start = await valuesOf(model);
    await expect(
      train({
        steps: 200,
        learningRate: 1e30,
        optimizer: sgd() as never,
        logEvery: 5,
        checkpoint: { storage },
      }),
    ).rejects.toMatchObject({ code: 'ADVROB_TRAINING_DIVERGED' });
    expect(
      Object.values(await valuesOf(model))
        .flat()
        .every(Number.isFinite),
    ).toBe(true);
    expect(await valuesOf(model)).toEqual(start);
    expect(storage.files.has('checkpoint.safetensors')).toBe(true);
  });

  it('when a gradient is larger than allowed', async () => {
    await expect(train({ guards: { maxGradientNorm: 1e-3 } })).rejects.toMatchObject({
      code: 'ADVROB_TRAINING_DIVERGED',
      message: expect.stringContaining('the limit is 0.001'),
    });
  });

  it('at once when it is aborted beforehand', async () => {
    await expect(train({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
  });

  it('between two steps, by a timer', async () => {
    const signal = AbortSignal.timeout(200);
    await expect(train({ signal, steps: 1e6 })).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
  });

  const failing = (change: Partial<Objective>): Objective => ({ ...(erm() as unknown as Objective), ...change });
  it.each<[string, () => Partial<FitOptions>, string]>([
    [
      'prepare',
      () => ({
        objective: failing({
          prepare: async (batch, { maximize }) => {
            await maximize(batch);
            throw new Error('from prepare');
          },
        }),
        attack: signAttack(),
        threat: linf,
      }),
      'from prepare',
    ],
    [
      'loss',
      () => ({
        objective: failing({
          loss: ({ x }, { logits }, how) => {
            logits(x!, how);
            throw new Error('from loss');
          },
        }),
      }),
      'from loss',
    ],
    [
      'an optimizer',
      () => ({
        optimizer: () => ({
          state: {},
          async step(work) {
            await work.gradient(await work.draw());
            throw new Error('from step');
          },
        }),
      }),
      'from step',
    ],
    [
      'a measurement',
      () => ({
        validation: {
          data: tinyData(),
          measure: async () => {
            throw new Error('from measure');
          },
        },
      }),
      'from measure',
    ],
    [
      'an averager',
      () => ({
        averager: () => ({
          weights: {},
          state: {},
          afterStep() {
            throw new Error('from average');
          },
        }),
      }),
      'from average',
    ],
  ])('when %s fails, and frees all', async (_, own, message) => {
    await expect(train(own())).rejects.toThrow(message);
  });

  it('with its weights as before the step that failed', async () => {
    const before = await valuesOf(model);
    const failsLater: NonNullable<FitOptions['optimizer']> = (bound) => ({
      state: {},
      async step(work) {
        await work.gradient(await work.draw());
        for (const weight of Object.values(bound.weights)) tf.tidy(() => weight.assign(tf.zerosLike(weight)));
        throw new Error('halfway');
      },
    });
    await expect(train({ optimizer: failsLater })).rejects.toThrow('halfway');
    expect(await valuesOf(model)).toEqual(before);
  });
});

describe('fit refuses', () => {
  it.each<[string, Partial<FitOptions>, string]>([
    ['both epochs and steps', { epochs: 1 }, 'ADVROB_OPTION'],
    ['neither epochs nor steps', { steps: undefined as never }, 'ADVROB_OPTION'],
    ['no batch size', { batchSize: 0 }, 'ADVROB_OPTION'],
    ['a batch larger than the data', { batchSize: 100, dropLast: true }, 'ADVROB_OPTION'],
    ['a negative rate', { learningRate: -1 }, 'ADVROB_OPTION'],
    ['a seed that is no number', { seed: NaN }, 'ADVROB_OPTION'],
    ['keeping the best without validation', { keep: 'best' }, 'ADVROB_OPTION'],
    ['keeping an average without averager', { keep: 'averaged' }, 'ADVROB_OPTION'],
    [
      'an attack on validation data without threat',
      { validation: { data: tinyData(), attack: signAttack() } },
      'ADVROB_OPTION',
    ],
    ['data of another shape', { data: tinyData({ inputs: 5 }) as never }, 'ADVROB_SHAPE'],
    ['data with more classes', { data: tinyData({ classes: 4 }) as never }, 'ADVROB_SHAPE'],
    [
      'an objective that needs an attack, without one',
      { objective: pgdAt() as never, threat: linf },
      'ADVROB_ATTACK_MISSING',
    ],
    [
      'an objective that needs a threat, without one',
      { objective: pgdAt() as never, attack: signAttack() },
      'ADVROB_ATTACK_MISSING',
    ],
    [
      'a loss per example',
      {
        objective: {
          prepare: async ({ x }) => ({ x }),
          loss: ({ x }, m, how) => ({ total: tf.sum(m.logits(x!, how), 1) }),
        },
      },
      'ADVROB_OBJECTIVE',
    ],
  ])('%s', async (_, own, code) => {
    await expect(train(own)).rejects.toMatchObject({ code });
  });

  it('loss terms that come and go', async () => {
    let calls = 0;
    const fickle: Objective = {
      prepare: async ({ x }) => ({ x }),
      loss({ x }, m, how) {
        const total = tf.mean(tf.square(m.logits(x!, how)));
        return { total, terms: { [`term${calls++}`]: total } };
      },
    };
    await expect(train({ objective: fickle })).rejects.toMatchObject({ code: 'ADVROB_OBJECTIVE' });
  });
});
