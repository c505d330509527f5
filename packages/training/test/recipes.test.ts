import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { TrainingPlan } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import plugin, { factorAt, fit, scheduleSchema, type Schedule } from '../src/index.js';
import { signAttack } from './support/sign-attack.js';
import { tinyData } from './support/tiny-data.js';
import { tinyModel } from './support/tiny-model.js';

beforeAll(() => tf.setBackend('cpu'));

/** Learning rates at chosen passes of the runs that the papers' codes make. */
const published: Record<keyof typeof plugin.trainers, { passes: number; rates: Record<number, number> }> = {
  'fgsm-at': { passes: 15, rates: { 0: 0, 3: 0.1, 6: 0.2, 10.5: 0.1 } },
  free: { passes: 80, rates: { 39: 0.1, 41: 0.01, 61: 0.001 } },
  'pgd-at': { passes: 200, rates: { 0: 0.1, 99: 0.1, 100: 0.01, 149: 0.01, 150: 0.001 } },
  'pgd-at-awp': { passes: 200, rates: { 99: 0.1, 100: 0.01, 150: 0.001 } },
  trades: { passes: 76, rates: { 0: 0.1, 74: 0.1, 75: 0.01 } },
  'trades-awp': { passes: 200, rates: { 99: 0.1, 100: 0.01, 150: 0.001 } },
  mart: { passes: 120, rates: { 74: 0.01, 75: 0.001, 90: 1e-4, 100: 1e-5 } },
};

describe.each(Object.entries(published))('the recipe %s', (name, { passes, rates }) => {
  const { learningRate, schedule }: TrainingPlan = plugin.trainers[name as keyof typeof published]();

  it("states its paper's learning rate pass by pass", () => {
    expect(scheduleSchema.safeParse(schedule).success).toBe(true);
    for (const [pass, rate] of Object.entries(rates)) {
      const time = { step: Number(pass) * 10, steps: passes * 10, stepsPerEpoch: 10 };
      expect(learningRate! * factorAt(schedule!, time), `pass ${pass}`).toBeCloseTo(rate, 8);
    }
  });

  it('is what fit trains with, unless the run says otherwise', async () => {
    const ratesOf = async (own: { learningRate?: number; schedule?: Schedule }): Promise<number[]> => {
      const model = tinyModel();
      const plan = plugin.trainers[name as keyof typeof published]();
      const { history } = await fit({
        model,
        data: tinyData(),
        ...plan,
        attack: signAttack(),
        threat: { norm: 'linf', epsilon: 0.1 },
        batchSize: 8,
        steps: 4,
        logEvery: 1,
        ...own,
      });
      model.dispose!();
      plan.objective.dispose?.();
      return history.flatMap((event) => (event.type === 'metrics' ? [event.rate] : []));
    };
    const expected = [0, 1, 2, 3].map(
      (step) => learningRate! * factorAt(schedule!, { step, steps: 4, stepsPerEpoch: 3 }),
    );
    expect(await ratesOf({})).toEqual(expected);
    expect(await ratesOf({ learningRate: 0.03, schedule: { name: 'constant' } })).toEqual([0.03, 0.03, 0.03, 0.03]);
  });
});

it('every recipe has its row', () => {
  expect(Object.keys(published)).toEqual(Object.keys(plugin.trainers));
});

it('has every name that the literature gives to its parts', () => {
  const names = 'erm fgsm-at free pgd-at trades mart alp clp term cvar smoothadv kd'.split(' ');
  expect(Object.keys(plugin.objectives)).toEqual(expect.arrayContaining(names));
  expect(Object.keys(plugin.optimizers)).toEqual(expect.arrayContaining(['sgd', 'adam', 'adamw']));
  expect([...Object.keys(plugin.transforms), ...Object.keys(plugin.averagers)]).toEqual(
    expect.arrayContaining(['awp', 'swa', 'ema']),
  );
});
