import { pgd } from '@advrob/attacks';
import type { Attack, Classifier, PrepareContext } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { objectiveContract } from '@advrob/core/testing';
import { smallCnn, twoLayer } from '@advrob/models';
import { fit, trades, type FitOptions } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { suite, testObjective, testTrainer } from '../../training/test/support/contracts.js';
import { tinyData } from '../../training/test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../training/test/support/tiny-model.js';
import { ratFixture } from '../test/support/rat-fixture.js';
import { tanhModel } from '../test/support/tanh-model.js';
import { rat, ratTrainer } from './rat.js';

testObjective(rat, {
  variants: { 'rat, noise on all weights': { noisyWeights: '', attackNoise: 0.1, secondOrderTargets: 'symmetric' } },
  // The soft labels are constants by design, so the gradient is not that of the value.
  isGradientOfValue: false,
});
suite(
  'objective rat without terms, whose gradient is that of its value',
  objectiveContract(() => rat({ firstTerm: false, secondTerm: false, beta: 2 })),
);
testTrainer(ratTrainer, { kind: 'recipe', options: { noisyWeights: 'hidden' } });

describe('RAT has the loss, the terms and the weight gradients of PyTorch', () => {
  it.each(ratFixture.cases)('$options', async ({ options, total, terms, gradients }) => {
    const before = tf.memory().numTensors;
    const model = tanhModel(ratFixture.initial, ratFixture.shapes);
    const [x, adversarial] = [tf.tensor2d(ratFixture.x), tf.tensor2d(ratFixture.adversarial)];
    const y = tf.tensor1d(ratFixture.y, 'int32');
    const objective = rat(options);
    const loss = () => objective.loss({ x, adversarial, y }, model, {});
    const found = tf.tidy(() => {
      const { total: sum, terms: parts } = loss();
      return { ...parts, total: sum };
    });
    const expected = { ...terms, total };
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [name, value] of Object.entries(expected))
      expect(Math.abs((await found[name as 'total'].data())[0]! - value)).toBeLessThan(1e-5);

    const { value, grads } = tf.variableGrads(() => loss().total as tf.Scalar, Object.values(model.weights));
    for (const [name, values] of Object.entries(gradients)) {
      const gradient = await grads[model.weights[name]!.name]!.data();
      values.forEach((each, i) => expect(Math.abs(gradient[i]! - each)).toBeLessThan(1e-5));
    }
    tf.dispose([x, adversarial, y, found, value, grads]);
    model.dispose!();
    expect(tf.memory().numTensors).toBe(before);
  });
});

const common = {
  data: tinyData({ length: 24 }),
  threat: { norm: 'linf', epsilon: 0.1 },
  batchSize: 8,
  learningRate: 0.2,
  seed: 5,
} satisfies Partial<FitOptions>;

describe('without Taylor terms', () => {
  it('trains exactly as TRADES', async () => {
    const plan = ratTrainer({ attackSteps: 2, attackNoise: 0, beta: 2 });
    const weightsWith = async (objective: FitOptions['objective']) => {
      const model = tinyModel({ dropout: 0.2 });
      await fit({ model, ...common, ...plan, objective, epochs: 2 });
      const values = await valuesOf(model);
      model.dispose!();
      return values;
    };
    const without = rat({ attackNoise: 0, beta: 2, firstTerm: false, secondTerm: false });
    const [found, expected] = [await weightsWith(without), await weightsWith(trades({ beta: 2 }))];
    for (const [name, values] of Object.entries(expected))
      values.forEach((value, i) => expect(Math.abs(found[name]![i]! - value)).toBeLessThan(1e-5));
    expect(await weightsWith(rat({ attackNoise: 0, beta: 2 }))).not.toEqual(found);
  });
});

describe('the weights that the attack sees', () => {
  async function seen(options: Parameters<typeof ratTrainer>[0]) {
    const plan = ratTrainer({ attackSteps: 1, ...options });
    const model = tinyModel();
    const before = await valuesOf(model);
    const found: Record<string, number[]>[] = [];
    const attack: Attack = {
      ...plan.attack!,
      async maximize(attacked, ...given) {
        found.push(await valuesOf(attacked));
        return plan.attack!.maximize(attacked, ...given);
      },
    };
    await fit({ model, ...common, ...plan, attack, learningRate: 1e-30, steps: 2 });
    const after = await valuesOf(model);
    model.dispose!();
    return { before, found, after };
  }

  it('have fresh noise of the given size where their names say so, and lose it again', async () => {
    const { before, found, after } = await seen({ attackNoise: 0.01, noisyWeights: 'fc1' });
    for (const values of found) {
      const noise = values['fc1.weight']!.map((value, i) => value - before['fc1.weight']![i]!);
      const deviation = Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0) / noise.length);
      expect(deviation).toBeGreaterThan(0.005);
      expect(deviation).toBeLessThan(0.02);
      expect(values['fc2.weight']).toEqual(before['fc2.weight']);
    }
    expect(found[0]!['fc1.weight']).not.toEqual(found[1]!['fc1.weight']);
    expect(after['fc1.weight']).toEqual(before['fc1.weight']);
  });

  it('have none without a name that fits, and none at 0', async () => {
    for (const options of [{}, { attackNoise: 0, noisyWeights: '' }]) {
      const { before, found } = await seen(options);
      expect(found[1]!['fc1.weight']).toEqual(before['fc1.weight']);
    }
  });
});

describe('models of @advrob/models', () => {
  it('by default have noise on the convolutions alone', async () => {
    const model = smallCnn({ channels: [2, 3], hidden: 4 })(0);
    const before = await valuesOf(model);
    const changed = new Set<string>();
    const attack: Attack = {
      ...pgd(),
      async maximize(attacked, images) {
        const now = await valuesOf(attacked);
        for (const [name, values] of Object.entries(now))
          if (values.some((value, i) => value !== before[name]![i])) changed.add(name);
        return tf.clone(images);
      },
    };
    const x = tf.zeros([2, 28, 28, 1]);
    const y = tf.tensor1d([0, 1], 'int32');
    const maximize = (batch: { x: tf.Tensor; y: tf.Tensor }) => attack.maximize(model, batch.x, batch.y, common.threat);
    const context = { model, step: 0, epoch: 0, rng: createRandom({ seed: 0 }), maximize };
    const batch = { x, y, ids: Int32Array.of(0, 1), extras: {} };
    const { adversarial } = await rat().prepare(batch, context as unknown as PrepareContext);
    const convolutions = Object.keys(model.weights).filter((name) => name.includes('.conv'));
    expect(convolutions).toHaveLength(8);
    expect([...changed]).toEqual(convolutions);
    tf.dispose([x, y, adversarial]);
    model.dispose!();
  });

  it('with two classes have hard labels, and train', async () => {
    const model = twoLayer({ inputShape: [4], width: 6 })(0);
    const data = tinyData({ length: 24, classes: 2 });
    const { history } = await fit({ model, ...common, data, ...ratTrainer({ attackSteps: 1 }), steps: 6, logEvery: 1 });
    for (const event of history)
      if (event.type === 'metrics') {
        // KL from a hard label is cross-entropy: half of it is the clean one.
        expect(event.loss['first']! - event.loss['ce']! / 2).toBeGreaterThan(0);
        expect(event.loss['second']).toBeCloseTo(event.loss['first']!, 5);
      }
    model.dispose!();
  });
});

describe('bad circumstances', () => {
  it('equal statistics give a defined loss: no NaN at zero weights or equal clean and adversarial examples', async () => {
    for (const epsilon of [0, 0.1]) {
      const model = tinyModel();
      for (const weight of Object.values(model.weights)) tf.tidy(() => weight.assign(tf.zerosLike(weight)));
      const threat = { norm: 'linf', epsilon } as const;
      const run = ratTrainer({ attackSteps: 1 });
      const { history } = await fit({ model, ...common, ...run, threat, steps: 3, logEvery: 1 });
      expect(history).toHaveLength(3);
      expect(
        Object.values(await valuesOf(model))
          .flat()
          .every(Number.isFinite),
      ).toBe(true);
      model.dispose!();
    }
  });

  it('a model without features and head is refused, and nothing is left in memory', async () => {
    const before = tf.memory().numTensors;
    const { features: _, head: __, ...opaque } = tinyModel();
    await expect(
      fit({ model: opaque as Classifier, ...common, ...ratTrainer({ attackSteps: 1 }), steps: 1 }),
    ).rejects.toMatchObject({ code: 'ADVROB_OBJECTIVE', message: expect.stringMatching(/features and head/) });
    opaque.dispose!();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([{ alpha: 1.1 }, { alpha: -0.1 }, { beta: -1 }, { spread: 2 }, { attackNoise: -1 }, { secondWeight: -1 }])(
    '%j is refused',
    (options) => {
      expect(() => rat(options)).toThrowError(expect.objectContaining({ code: 'ADVROB_OPTION' }));
      expect(() => ratTrainer(options)).toThrowError(expect.objectContaining({ code: 'ADVROB_OPTION' }));
    },
  );
});
