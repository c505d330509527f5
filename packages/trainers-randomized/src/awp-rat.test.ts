import { memoryStorage, type RunStorage } from '@advrob/core';
import { fit, trades, type FitOptions, type TrainingEvent } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { testTrainer } from '../../training/test/support/contracts.js';
import { tinyData } from '../../training/test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../training/test/support/tiny-model.js';
import { awpRatTrainer } from './awp-rat.js';
import { rat } from './rat.js';

testTrainer(awpRatTrainer, { kind: 'recipe', options: { warmUp: 0 } });

const common = {
  data: tinyData({ length: 24 }),
  threat: { norm: 'linf', epsilon: 0.1 },
  batchSize: 8,
  learningRate: 0.2,
  seed: 5,
} satisfies Partial<FitOptions>;

it('AWP ascends the loss of TRADES, or with probeLoss the whole one', async () => {
  const model = tinyModel();
  const [x, y] = [tf.randomUniform([6, 4], 0, 1, 'float32', 3), tf.tensor1d([0, 1, 2, 0, 1, 2], 'int32')];
  const adversarial = tf.tidy(() => tf.clipByValue(tf.add(x, 0.1), 0, 1));
  const totalOf = async (objective: ReturnType<typeof trades>, mode: 'train' | 'probe'): Promise<number> => {
    const total = tf.tidy(() => objective.loss({ x, adversarial, y }, model, { mode }).total);
    const [value] = await total.data();
    total.dispose();
    return value!;
  };
  const plan = awpRatTrainer();
  expect(await totalOf(plan.objective as never, 'probe')).toBeCloseTo(await totalOf(trades(), 'probe'), 5);
  const whole = await totalOf(rat({ probeLoss: 'rat' }), 'probe');
  expect(await totalOf(rat({ probeLoss: 'trades' }), 'train')).toBeCloseTo(whole, 5);
  expect(Math.abs(whole - (await totalOf(trades(), 'probe')))).toBeGreaterThan(1e-3);
  tf.dispose([x, y, adversarial]);
  model.dispose!();
});

it('AWP + RAT ends with the same bits when it was killed', async () => {
  class Killed extends Error {}
  async function life(storage: RunStorage, onEvent?: (event: TrainingEvent) => void) {
    const model = tinyModel({ dropout: 0.2 });
    try {
      const plan = awpRatTrainer({ attackSteps: 2, warmUp: 1, attackNoise: 0.01, noisyWeights: 'fc1' });
      await fit({
        model,
        ...common,
        ...plan,
        epochs: 3,
        checkpoint: { storage, every: 1 },
        onEvent,
      });
      return await valuesOf(model);
    } finally {
      model.dispose!();
    }
  }
  const whole = await life(memoryStorage());
  for (const fatal of [2, 7, 12]) {
    const storage = memoryStorage();
    let seen = 0;
    const killer = () => {
      if (seen++ === fatal) throw new Killed();
    };
    await expect(life(storage, killer)).rejects.toBeInstanceOf(Killed);
    expect(await life(storage)).toEqual(whole);
  }
});
