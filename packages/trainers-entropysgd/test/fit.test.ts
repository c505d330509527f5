import { memoryStorage, type Attack, type RunStorage } from '@advrob/core';
import { fit, sgd, type FitOptions, type TrainingEvent } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../../training/test/support/cpu.js';
import { tinyData } from '../../training/test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../training/test/support/tiny-model.js';
import { entropySgd, entropysgdTrainer } from '../src/entropy-sgd.js';

type TrainerOptions = Parameters<typeof entropysgdTrainer>[0];
class Killed extends Error {}

const common = {
  data: tinyData({ length: 24 }),
  threat: { norm: 'linf', epsilon: 0.1 },
  batchSize: 4,
  learningRate: 0.8,
  seed: 5,
} satisfies Partial<FitOptions>;

const arms: Record<string, TrainerOptions> = {
  'on its own': { average: 'recalibrated' },
  'with AWP and SWA': { awpGamma: 0.01, average: 'swa', swaStart: 1 },
};

describe.each(Object.entries(arms))('EntropySGD %s', (_, options) => {
  async function life(storage: RunStorage, onEvent?: (event: TrainingEvent) => void) {
    const model = tinyModel({ dropout: 0.2 });
    try {
      const { history } = await fit({
        model,
        ...common,
        ...entropysgdTrainer({ innerSteps: 3, noise: 0.05, scoping: 0.2, attackSteps: 2, ...options }),
        epochs: 3,
        checkpoint: { storage, every: 1 },
        logEvery: 2,
        onEvent,
      });
      return { history, weights: await valuesOf(model) };
    } finally {
      model.dispose!();
    }
  }

  it('ends with the same bits wherever it was killed', async () => {
    const before = tf.memory().numTensors;
    const whole = await life(memoryStorage());
    for (const fatal of [3, 6, 9]) {
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
});

describe('the budget', () => {
  /** Notes examples and weights of each call of the attack. */
  async function calls(options: Partial<FitOptions>) {
    const plan = entropysgdTrainer({ innerSteps: 3, average: 'none', attackSteps: 1 });
    const model = tinyModel();
    const found: { ids: number[]; weight: number }[] = [];
    const watched: Attack = {
      ...plan.attack!,
      async maximize(attacked, x, y, threat, how) {
        const [weight] = await attacked.weights['fc2.weight']!.data();
        found.push({ ids: [...how!.ids!], weight: weight! });
        return plan.attack!.maximize(attacked, x, y, threat, how);
      },
    };
    const { steps } = await fit({ model, ...common, ...plan, attack: watched, ...options });
    model.dispose!();
    return { found, steps };
  }

  it('is counted in adversarial gradients: equal epochs, equal attacks, as many steps fewer as there are inner steps', async () => {
    const [entropy, plain] = [await calls({ epochs: 2 }), await calls({ epochs: 2, optimizer: sgd() })];
    expect(entropy.found).toHaveLength(12);
    expect(plain.found).toHaveLength(12);
    expect([entropy.steps, plain.steps]).toEqual([4, 12]);
  });

  it('gives each inner step a fresh batch, attacked at the present inner weights', async () => {
    const { found } = await calls({ epochs: 1 });
    expect(found.flatMap(({ ids }) => ids).sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect(new Set(found.map(({ weight }) => weight)).size).toBe(found.length);
  });
});

it('stops with sound weights when the inner rate makes it diverge', async () => {
  const model = tinyModel();
  const optimizer = entropySgd({ innerSteps: 4, innerRate: 1e18, gamma: 0, weightDecay: 1 });
  const plan = { ...entropysgdTrainer({ attackSteps: 1, average: 'none' }), optimizer };
  await expect(fit({ model, ...common, ...plan, epochs: 4, logEvery: 1 })).rejects.toMatchObject({
    code: 'ADVROB_TRAINING_DIVERGED',
  });
  expect(
    Object.values(await valuesOf(model))
      .flat()
      .every(Number.isFinite),
  ).toBe(true);
  model.dispose!();
});
