import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Batch, Classifier, Extras, Objective, PrepareContext } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { linearClassifier } from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fit, fgsmAt, kd, kdAt, smoothadv, teacherLogits } from '../index.js';
import { fastStep } from './fgsm-at.js';
import { smoothed } from './smoothadv.js';
import { signAttack } from '../../test/support/sign-attack.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';

const linf = { norm: 'linf', epsilon: 0.1 } as const;
let tensorsBefore: number;
beforeAll(() => tf.setBackend('cpu'));
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

/** Two classes apart along the direction (1, -2, 0): the gradient has the signs -, +, 0 for class 0. */
const plane = () =>
  linearClassifier({
    weights: [
      [1, 0],
      [-2, 0],
      [0, 0],
    ],
    bias: [0, 0],
  });

describe('the step of fast adversarial training', () => {
  const x = () => tf.tensor2d([0.5, 0.5, 0.5, 0.02, 0.98, 0.5], [2, 3]);
  const y = () => tf.tensor1d([0, 0], 'int32');
  const at = async (model: Classifier, start: 'uniform' | 'zero', stepSize: number, norm: 'linf' | 'l2' = 'linf') => {
    const [images, labels] = [x(), y()];
    const found = await fastStep({ start, stepSize }).maximize(model, images, labels, { norm, epsilon: 0.1 });
    const values = await found.data();
    tf.dispose([images, labels, found]);
    return [...values];
  };

  it('goes epsilon along the sign of the gradient, and clips to the bounds', async () => {
    const model = plane();
    const expected = [0.4, 0.6, 0.5, 0, 1, 0.5];
    (await at(model, 'zero', 1)).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
    const [a, b, c] = await at(model, 'zero', 1, 'l2');
    const length = Math.sqrt(5);
    [0.5 - 0.1 / length, 0.5 + 0.2 / length, 0.5].forEach((value, i) => expect([a, b, c][i]!).toBeCloseTo(value, 6));
    model.dispose!();
  });

  it('starts at random, where the gradient is 0 it stays there, and never leaves the ball', async () => {
    const model = plane();
    const values = await at(model, 'uniform', 1.25);
    const centre = [0.5, 0.5, 0.5, 0.02, 0.98, 0.5];
    values.forEach((value, i) => expect(Math.abs(value - centre[i]!)).toBeLessThanOrEqual(0.1 + 1e-6));
    expect(values[2]).not.toBe(0.5);
    // 1.25 epsilon from anywhere in the ball reaches its far side in at least the half that starts nearer.
    expect(values[0]!).toBeLessThan(0.5 - 0.025 + 1e-6);
    model.dispose!();
  });

  it('differs from step to step and needs no attack from the caller', async () => {
    const model = tinyModel();
    const losses: number[] = [];
    await fit({
      model,
      data: tinyData({ length: 8 }),
      objective: fgsmAt(),
      optimizer: () => ({ state: {}, step: async (work) => void (await work.gradient(await work.draw())) }),
      threat: linf,
      batchSize: 8,
      steps: 3,
      logEvery: 1,
      onEvent: (event) => event.type === 'metrics' && losses.push(event.loss['total']!),
    });
    expect(new Set(losses).size).toBe(3);
    model.dispose!();
  });
});

/** What `prepare` has at hand in an engine of one batch. */
function context(model: Classifier, own: tf.Tensor[]): PrepareContext {
  const threat = createThreat({ norm: 'l2', epsilon: 0.2 }, [0, 1]);
  const how = { step: 0, epoch: 0, rng: createRandom({ seed: 3 }), threat, model };
  const attack = signAttack({ steps: 3 });
  return {
    ...how,
    async maximize({ x, y, ids }, { model: attacked = model, lanes = 1 } = {}) {
      own.push(await attack.maximize(attacked, x, y, threat, { ids, restarts: lanes }));
      return own.at(-1)!;
    },
  };
}

async function firstBatch(): Promise<Batch> {
  for await (const batch of tinyData().batches({ size: 4 })) return batch;
  throw new Error('no batch');
}

describe('smoothadv', () => {
  it('attacks the mean of the probabilities over the noise', async () => {
    const model = tinyModel();
    const batch = await firstBatch();
    const noise = tf.tidy(() => tf.mul(createRandom({ seed: 1 }).normal('noise', [12, 4]), 0.3));
    const logits = tf.tidy(() => smoothed(model, noise, 3).logits(batch.x));
    const expected = tf.tidy(() => {
      const means = [0, 1, 2, 3].map((row) => {
        const copies = tf.add(tf.slice(batch.x, row, 1), tf.slice(noise, 3 * row, 3));
        return tf.mean(tf.softmax(model.logits(copies)), 0);
      });
      return tf.log(tf.stack(means));
    });
    const [found, wanted] = [await logits.data(), await expected.data()];
    wanted.forEach((value, i) => expect(found[i]!).toBeCloseTo(value, 5));
    tf.dispose([noise, logits, expected, batch.x, batch.y]);
    model.dispose!();
  });

  it('gives every lane of an example the noise of that example', async () => {
    const model = tinyModel();
    const batch = await firstBatch();
    const noise = tf.tidy(() => tf.mul(createRandom({ seed: 1 }).normal('noise', [8, 4]), 0.3));
    const twice = tf.tidy(() => tf.gather(batch.x, tf.tensor1d([0, 0, 1, 1, 2, 2, 3, 3], 'int32')));
    const [single, double] = tf.tidy(() => [
      smoothed(model, noise, 2).logits(batch.x),
      smoothed(model, noise, 2).logits(twice),
    ]);
    const [a, b] = [await single!.data(), await double!.data()];
    a.forEach((value, i) => {
      const [row, k] = [Math.floor(i / 3), i % 3];
      expect([b[6 * row + k], b[6 * row + 3 + k]]).toEqual([value, value]);
    });
    const three = tf.tidy(() => tf.slice(batch.x, 0, 3));
    expect(() => smoothed(model, noise, 2).logits(three)).toThrowError(
      expect.objectContaining({ code: 'ADVROB_SHAPE' }),
    );
    tf.dispose([noise, twice, three, single!, double!, batch.x, batch.y]);
    model.dispose!();
  });

  it('goes on from the last iterate: more steps, a larger loss on the same noise', async () => {
    const model = tinyModel();
    const batch = await firstBatch();
    const noise = tf.tidy(() => tf.mul(createRandom({ seed: 1 }).normal('noise', [16, 4]), 0.2));
    const attacked = smoothed(model, noise, 4);
    const lossAfter = async (steps: number) => {
      const threat = { norm: 'l2', epsilon: 0.4 } as const;
      const found = await signAttack({ steps }).maximize(attacked, batch.x, batch.y, threat, { ids: batch.ids });
      const loss = tf.tidy(() => {
        const scores = tf.sum(tf.mul(attacked.logits(found), tf.oneHot(batch.y as tf.Tensor1D, 3)), 1);
        return tf.neg(tf.mean(scores));
      });
      const [value] = await loss.data();
      tf.dispose([found, loss]);
      return value!;
    };
    const [none, one, four] = [await lossAfter(0), await lossAfter(1), await lossAfter(4)];
    expect(one).toBeGreaterThan(none);
    expect(four).toBeGreaterThan(one);
    tf.dispose([noise, batch.x, batch.y]);
    model.dispose!();
  });

  it('trains on the noise that the attack saw', async () => {
    const model = tinyModel();
    const batch = await firstBatch();
    const own: tf.Tensor[] = [];
    const values = await smoothadv({ sigma: 0.3, samples: 2 }).prepare(batch, context(model, own));
    expect(values.noise.shape).toEqual([8, 4]);
    expect(values.x).toBe(own[0]);
    const deviation = tf.tidy(() => tf.sqrt(tf.mean(tf.square(values.noise))));
    expect((await deviation.data())[0]!).toBeGreaterThan(0.15);
    tf.dispose([deviation, values.noise, ...own, batch.x, batch.y]);
    model.dispose!();
  });
});

describe('distillation', () => {
  it('reads logits that were computed once, in the order of the data', async () => {
    const [teacher, model] = [tinyModel({ seed: 5, dropout: 0.5 }), tinyModel()];
    const data = tinyData({ length: 20 });
    const logits = await teacherLogits(teacher, data, { batchSize: 8 });
    expect(logits.shape).toEqual([20, 3]);
    const seen: number[] = [];
    const objective = kd({ temperature: 2 });
    const spying: typeof objective = {
      ...objective,
      async prepare(batch, how) {
        const values = await objective.prepare(batch, how);
        const direct = teacher.logits(batch.x);
        const [a, b] = [await values.teacher.data(), await direct.data()];
        direct.dispose();
        a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5));
        seen.push(a.length);
        return values;
      },
    };
    const before = await valuesOf(teacher);
    await fit({ model, data: data.withExtras({ teacher: logits }), objective: spying, batchSize: 6, epochs: 1 });
    expect(seen).toEqual([18, 18, 18]);
    expect(await valuesOf(teacher)).toEqual(before);
    logits.dispose();
    teacher.dispose!();
    model.dispose!();
  });

  it('brings the student to its teacher', async () => {
    const [teacher, model] = [tinyModel({ seed: 5 }), tinyModel()];
    const data = tinyData({ length: 40 });
    const logits = await teacherLogits(teacher, data);
    const { history } = await fit({
      model,
      data: data.withExtras({ teacher: logits }),
      objective: kd(),
      batchSize: 20,
      learningRate: 0.3,
      epochs: 60,
      logEvery: 20,
    });
    const losses = history.flatMap((event) => (event.type === 'metrics' ? [event.loss['total']!] : []));
    expect(losses.at(-1)!).toBeLessThan(0.2 * losses[0]!);
    logits.dispose();
    teacher.dispose!();
    model.dispose!();
  });

  it('says what is missing, and stops on request', async () => {
    const model = tinyModel();
    const objective = kd() as unknown as Objective<Extras, Extras>;
    const run = fit({ model, data: tinyData() as never, objective, steps: 1, batchSize: 8 });
    await expect(run).rejects.toMatchObject({ code: 'ADVROB_DATASET' });
    const aborted = teacherLogits(model, tinyData(), { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
    model.dispose!();
  });

  it('asks both teachers about the adversarial examples', async () => {
    const [model, standard, robust] = [tinyModel(), tinyModel({ seed: 5 }), tinyModel({ seed: 6 })];
    const batch = await firstBatch();
    const own: tf.Tensor[] = [];
    const values = await kdAt({ standard, robust }).prepare(batch, context(model, own));
    for (const [name, teacher] of Object.entries({ standard, robust })) {
      const direct = teacher.logits(own[0]!);
      expect([...(await values[name as 'standard' | 'robust'].data())]).toEqual([...(await direct.data())]);
      direct.dispose();
    }
    tf.dispose([values, ...own, batch.x, batch.y]);
    for (const { dispose } of [model, standard, robust]) dispose!();
  });
});
