import '../../training/test/support/cpu.js';
import { createRegistry, memoryStorage, type RunStorage, type TrainingPlan } from '@advrob/core';
import trainingPlugin, { adam, awp, ema, fit, sgd, swa, type TrainingEvent } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { signAttack } from '../../training/test/support/sign-attack.js';
import { tinyData } from '../../training/test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../training/test/support/tiny-model.js';
import { cvarPd } from '../src/cvar-pd.js';
import { dalePdReverseTrainer } from '../src/dale-pd-reverse.js';
import { dalePdTrainer } from '../src/dale-pd.js';
import plugin from '../src/index.js';
import { klDaleMultiPdTrainer } from '../src/kl-dale-multi-pd.js';

class Killed extends Error {}

const common = {
  data: tinyData({ length: 24 }),
  threat: { norm: 'linf', epsilon: 0.1 },
  batchSize: 4,
  learningRate: 0.1,
  seed: 5,
} as const;

const plans: Record<string, () => TrainingPlan> = {
  'dale-pd': () => dalePdTrainer({ sampler: 'laplace', rho: 0.8, dualStep: 0.2, steps: 2 }),
  'dale-pd-reverse with AWP, Adam and EMA': () => ({
    ...dalePdReverseTrainer({ rho: 1.1, dualStep: 0.2, steps: 2 }),
    optimizer: adam(),
    transforms: [awp({ gamma: 0.01 })],
    averager: ema({ decay: 0.9 }),
  }),
  'kl-dale-multi-pd with SWA': () => ({
    ...klDaleMultiPdTrainer({ samples: 2, steps: 2, rho: 0.8, dualStep: 0.2 }),
    averager: swa({ start: 1 }),
  }),
  'cvar-pd': () => ({
    objective: cvarPd({ samples: 3, rho: 0.9, dualStep: 0.2 }) as unknown as TrainingPlan['objective'],
    optimizer: sgd(),
  }),
};

describe.each(Object.entries(plans))('%s', (_, makePlan) => {
  async function life(storage: RunStorage, onEvent?: (event: TrainingEvent) => void) {
    const model = tinyModel({ dropout: 0.2 });
    const plan = makePlan();
    try {
      const { history } = await fit({
        ...common,
        ...plan,
        model,
        epochs: 3,
        checkpoint: { storage, every: 1 },
        logEvery: 1,
        onEvent,
      });
      return { history, weights: await valuesOf(model), nu: [...((await nuOf(plan).data()) as Float32Array)] };
    } finally {
      plan.objective.dispose!();
      model.dispose!();
    }
  }

  it('ends with the same bits wherever it was killed, the dual variable too', async () => {
    const before = tf.memory().numTensors;
    const whole = await life(memoryStorage());
    const logged = whole.history.flatMap((event) => (event.type === 'metrics' ? [event.loss['nu']] : []));
    expect(new Set(logged).size).toBe(18);
    for (const fatal of [5, 17, 40]) {
      const storage = memoryStorage();
      let seen = 0;
      const killer = () => {
        if (seen++ === fatal) throw new Killed();
      };
      await expect(life(storage, killer)).rejects.toBeInstanceOf(Killed);
      expect(await life(storage)).toEqual(whole);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a checkpoint of another rho', async () => {
    const storage = memoryStorage();
    await life(storage);
    const model = tinyModel({ dropout: 0.2 });
    const plan = { ...makePlan(), objective: dalePdTrainer({ rho: 0.33 }).objective };
    const other = fit({ ...common, ...plan, model, epochs: 3, checkpoint: { storage } });
    await expect(other).rejects.toMatchObject({ code: 'ADVROB_CHECKPOINT_MISMATCH' });
    plan.objective.dispose!();
    model.dispose!();
  });
});

function nuOf({ objective }: TrainingPlan): tf.Variable {
  return objective.state!['nu'] as tf.Variable;
}

it('names compose with any attack, optimizer and averager, as a config writes them', async () => {
  const registry = createRegistry([trainingPlugin, plugin]);
  const part = (kind: 'objectives' | 'optimizers' | 'averagers', name: string, options: object) =>
    registry.find(kind, name)(options) as never;
  for (const objective of Object.keys(plugin.objectives)) {
    const model = tinyModel();
    const plan: TrainingPlan = {
      objective: part('objectives', objective, {}),
      optimizer: part('optimizers', 'adamw', { weightDecay: 0.1 }),
      averager: part('averagers', 'swa', { start: 0 }),
      attack: signAttack({ steps: 1 }),
    };
    const before = await valuesOf(model);
    await fit({ ...common, ...plan, model, epochs: 1 });
    expect(await valuesOf(model)).not.toEqual(before);
    plan.objective.dispose?.();
    model.dispose!();
  }
});

it('goes on with its dual variable in a further run', async () => {
  const model = tinyModel();
  const plan = dalePdTrainer({ rho: 0.3, dualStep: 0.1, steps: 1 });
  const ends: number[] = [];
  for (const seed of [1, 2]) {
    const { history } = await fit({ ...common, ...plan, model, steps: 4, seed, logEvery: 1 });
    const nus = history.flatMap((event) => (event.type === 'metrics' ? [event.loss['nu']!] : []));
    expect(nus[0]).toBeCloseTo(ends.at(-1) ?? 1, 6);
    ends.push((await nuOf(plan).data())[0]!);
  }
  expect(ends[0]).toBeGreaterThan(1);
  plan.objective.dispose!();
  model.dispose!();
});
