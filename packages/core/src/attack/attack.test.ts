import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { AttackLoss, Classifier, Threat } from '../contract/index.js';
import { crossEntropyLoss } from '../losses.js';
import { linearClassifier } from '../testing/linear-classifier.js';
import { defineAttack } from './define-attack.js';

const pgd = defineAttack({
  name: 'pgd',
  summary: 'Projected gradient ascent.',
  knowledge: 'gradients',
  norms: ['linf', 'l2'],
  budget: 'fixed',
  options: z.strictObject({ steps: z.int().min(1).default(10), stepSize: z.number().default(0.05) }),
  async perturb(scope, { steps, stepSize }) {
    const start = scope.threat.randomStart(scope.x, scope.rng);
    const { adv } = await scope.iterate({ adv: start }, steps, ({ adv }, { model, x, threat, lossOf, offer }) => {
      const { gradient, logits } = model.gradient(adv, lossOf);
      offer(adv, logits);
      return { adv: threat.project(tf.add(adv, tf.mul(stepSize, threat.steepestAscent(gradient))), x) };
    });
    return adv;
  },
});

/** Two classes on two inputs; class 1 where x0 + x1 > 1. */
function planeModel(): Classifier & { dispose(): void } {
  return linearClassifier({
    weights: [
      [-1, 1],
      [-1, 1],
    ],
    bias: [1, -1],
  });
}

/** Points at signed Linf distance `gaps` from the boundary, all of class 1 and labelled so. */
function points(gaps: readonly number[]): { x: tf.Tensor2D; y: Tensor } {
  return { x: tf.tensor2d(gaps.map((gap) => [0.5 + gap, 0.5 + gap])), y: tf.ones([gaps.length], 'int32') };
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('lossOf', () => {
  it('takes several points per row, with the label, target and clean logits of the row', async () => {
    const seen: number[][] = [];
    const note = async (...tensors: Tensor[]): Promise<void> => {
      for (const tensor of tensors) seen.push([...(await tensor.data())]);
    };
    const probe = defineAttack({
      name: 'probe',
      summary: 'Asks for the losses of three points per row at once.',
      knowledge: 'scores',
      norms: ['linf'],
      budget: 'fixed',
      options: z.strictObject({}),
      async perturb(scope) {
        const three = tf.reshape(tf.tile(tf.expandDims(scope.clean, 1), [1, 3, 1]), [-1, 2]);
        await note(scope.lossOf(scope.clean), scope.lossOf(three));
        expect(() => scope.lossOf(tf.zeros([5, 2]))).toThrow(/5 rows of logits, expected 2/);
        return scope.x;
      },
    });
    const model = planeModel();
    const { x, y } = points([0.02, 0.3]);
    const loss: AttackLoss = {
      name: 'all of it',
      value: (logits, { y, target, clean }) =>
        tf.addN([tf.sum(logits, 1), tf.mul(tf.cast(y, 'float32'), 10), tf.cast(target!, 'float32'), tf.max(clean, 1)]),
    };
    const targets = tf.zeros([2], 'int32');
    await probe().run(model, x, y, { norm: 'linf', epsilon: 0.1 }, { loss, targets });
    const [[first, second], repeated] = seen as [[number, number], number[]];
    expect(repeated).toEqual([first, first, first, second, second, second]);
    expect(first).not.toBe(second);
  });
});

describe('a loss for an attack that takes none', () => {
  it('is refused, whoever names it', async () => {
    const own = defineAttack({ ...pgd.definition, name: 'own', loss: null, options: z.strictObject({}) } as never)();
    const ensemble = defineAttack({
      name: 'ensemble',
      summary: 'Gives its member a loss.',
      knowledge: 'gradients',
      norms: ['linf'],
      budget: 'fixed',
      options: z.strictObject({}),
      perturb: (scope) => scope.attack(own, { loss: crossEntropyLoss }),
    });
    const model = planeModel();
    const { x, y } = points([0.02]);
    const threat: Threat = { norm: 'linf', epsilon: 0.1 };
    const before = tf.memory().numTensors;
    const loss = crossEntropyLoss;
    const refusal = /attack 'own' takes no loss.*given 'ce'.*ADVROB_OPTION/s;
    await expect(own.run(model, x, y, threat, { loss })).rejects.toThrow(refusal);
    await expect(own.maximize(model, x, y, threat, { loss })).rejects.toThrow(refusal);
    await expect(ensemble().run(model, x, y, threat)).rejects.toThrow(refusal);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('run', () => {
  it('finds exactly the examples that the ball lets cross the boundary, and reports them exactly', async () => {
    const model = planeModel();
    const gaps = [0.02, 0.09, 0.11, 0.3, -0.05];
    const { x, y } = points(gaps);
    const result = await pgd({ steps: 20, stepSize: 0.02 }).run(model, x, y, { norm: 'linf', epsilon: 0.1 });
    expect([...result.success]).toEqual([1, 1, 0, 0, 1]);
    expect(result.fooledBy).toEqual(['pgd', 'pgd', null, null, 'clean']);
    expect([...result.cleanPrediction]).toEqual([1, 1, 1, 1, 0]);
    expect([...result.prediction]).toEqual([0, 0, 1, 1, 0]);
    expect(result.robustAccuracy).toBeCloseTo(2 / 5);
    expect(result.distance[2]).toBe(0);
    expect(result.distance[4]).toBe(0);
    expect(result.closest[2]).toBe(Infinity);
    for (const i of [0, 1]) {
      expect(result.distance[i]).toBeGreaterThan(gaps[i]! - 1e-6);
      expect(result.distance[i]).toBeLessThanOrEqual(0.1 + 1e-6);
    }
    const clean = await x.data();
    const adversarial = await result.adversarial.data();
    expect([...adversarial.slice(4)]).toEqual([...clean.slice(4)]);
    expect(result.unconfirmed).toBe(0);
  });

  it('counts queries until an example is found, never for clean errors, fully for failures', async () => {
    const model = planeModel();
    const { x, y } = points([0.3, -0.05]);
    const result = await pgd({ steps: 7 }).run(model, x, y, { norm: 'linf', epsilon: 0.1 });
    expect([...result.queries]).toEqual([8, 0]);
  });

  it('gives every example the same result in any batch, with any batch mates, at any batch size', async () => {
    const model = planeModel();
    const gaps = Array.from({ length: 37 }, (_, i) => -0.1 + 0.01 * i);
    const { x, y } = points(gaps);
    const threat: Threat = { norm: 'l2', epsilon: 0.15 };
    const attack = pgd({ steps: 12, stepSize: 0.01 });
    const whole = await attack.run(model, x, y, threat, { seed: 3, restarts: 2 });
    const all = await whole.adversarial.array();
    for (const size of [1, 5, 16]) {
      for (let from = 0; from < gaps.length; from += size) {
        const count = Math.min(size, gaps.length - from);
        const part = await attack.run(model, tf.slice(x, from, count), tf.slice(y, from, count), threat, {
          seed: 3,
          restarts: 2,
          ids: Int32Array.from({ length: count }, (_, i) => from + i),
        });
        expect([...part.success]).toEqual([...whole.success.slice(from, from + count)]);
        expect([...part.queries]).toEqual([...whole.queries.slice(from, from + count)]);
        expect(await part.adversarial.array()).toEqual((all as number[][]).slice(from, from + count));
      }
    }
  });

  it('reaches a target class, and treats examples already there as clean', async () => {
    const model = linearClassifier({
      weights: [
        [1, 0, 0],
        [0, 1, 0],
      ],
      bias: [0, 0, 0.1],
    });
    const x = tf.tensor2d([
      [0.5, 0.45],
      [0.5, 0.2],
      [0.2, 0.6],
    ]);
    const y = tf.tensor1d([0, 0, 0], 'int32');
    const targets = tf.tensor1d([1, 1, 1], 'int32');
    const result = await pgd({ steps: 40, stepSize: 0.01 }).run(
      model,
      x,
      y,
      { norm: 'linf', epsilon: 0.1 },
      { targets },
    );
    expect(result.fooledBy).toEqual(['pgd', null, 'clean']);
    expect(result.prediction[0]).toBe(1);
  });

  it('frees everything, also when aborted, when the attack throws and when the model throws', async () => {
    const model = planeModel();
    const { x, y } = points([0.02, 0.3]);
    const threat: Threat = { norm: 'linf', epsilon: 0.1 };
    const before = tf.memory().numTensors;

    (await pgd().run(model, x, y, threat, { restarts: 3 })).adversarial.dispose();
    expect(tf.memory().numTensors).toBe(before);
    (await pgd().maximize(model, x, y, threat, { restarts: 3 })).dispose();
    expect(tf.memory().numTensors).toBe(before);

    const stop = new AbortController();
    const onProgress = ({ step }: { step: number }): void => {
      if (step === 3) stop.abort();
    };
    await expect(pgd().run(model, x, y, threat, { signal: stop.signal, onProgress })).rejects.toThrow('ADVROB_ABORTED');
    expect(tf.memory().numTensors).toBe(before);

    const still = defineAttack({
      ...pgd.definition,
      name: 'still',
      options: z.strictObject({}),
      perturb: async ({ x }) => x,
    });
    await expect(still().run(model, x, y, threat, { signal: AbortSignal.abort() })).rejects.toThrow('ADVROB_ABORTED');
    await expect(still().maximize(model, x, y, threat, { signal: AbortSignal.abort() })).rejects.toThrow(
      'ADVROB_ABORTED',
    );
    expect(tf.memory().numTensors).toBe(before);

    let calls = 0;
    const failing: Classifier = {
      ...model,
      logits: (input) => {
        if (++calls === 4) throw new Error('kernel missing');
        return tf.tidy(() => model.logits(tf.square(input)));
      },
    };
    await expect(pgd().run(failing, x, y, threat)).rejects.toThrow('kernel missing');
    expect(tf.memory().numTensors).toBe(before);

    const careless = defineAttack({
      ...pgd.definition,
      name: 'careless',
      options: z.strictObject({}),
      knowledge: 'gradients',
      async perturb(scope) {
        const kept = tf.add(scope.x, 1);
        await scope.iterate({ adv: scope.x, other: kept }, 2, (state) => state);
        tf.add(kept, 2);
        throw new Error('gave up');
      },
    });
    await expect(careless().run(model, x, y, threat)).rejects.toThrow('gave up');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses points outside of the ball, outside of the bounds, and NaN', async () => {
    const model = planeModel();
    const { x, y } = points([0.02]);
    const jump = (to: number): ReturnType<typeof pgd> =>
      defineAttack({
        name: 'jump',
        summary: 'Leaves the ball.',
        knowledge: 'scores',
        norms: ['linf'],
        budget: 'fixed',
        options: z.strictObject({}),
        async perturb(scope) {
          return tf.mul(tf.onesLike(scope.x), to);
        },
      })();
    const threat: Threat = { norm: 'linf', epsilon: 0.1 };
    await expect(jump(0).run(model, x, y, threat)).rejects.toThrow(/outside of epsilon.*ADVROB_ATTACK/s);
    await expect(jump(-3).run(model, x, y, threat)).rejects.toThrow(/ADVROB_BOUNDS/);
  });

  it('says what is wrong with inputs', async () => {
    const model = planeModel();
    const { x, y } = points([0.02, 0.3]);
    const threat: Threat = { norm: 'linf', epsilon: 0.1 };
    const attack = pgd();
    await expect(attack.run(model, tf.zeros([2, 3]), y, threat)).rejects.toThrow('ADVROB_SHAPE');
    await expect(attack.run(model, x, tf.tensor1d([1, 2], 'int32'), threat)).rejects.toThrow('class 2 of example 1');
    await expect(attack.run(model, x, tf.ones([3], 'int32'), threat)).rejects.toThrow('ADVROB_LABEL');
    await expect(attack.run(model, x, tf.tensor1d([0.5, 1]), threat)).rejects.toThrow('class 0.5 of example 0');
    const foreign = { shape: [2, 2], dtype: 'float32', rank: 2, dataId: {} } as unknown as Tensor;
    await expect(attack.run(model, foreign, y, threat)).rejects.toThrow(
      /another copy of @tensorflow\/tfjs-core.*ADVROB_TFJS_COPIES/s,
    );
    await expect(attack.run(model, [[0, 0]] as unknown as Tensor, y, threat)).rejects.toThrow('expected a tensor');
    await expect(attack.run(model, tf.fill([2, 2], NaN), y, threat)).rejects.toThrow('ADVROB_NOT_FINITE');
    await expect(attack.run(model, tf.fill([2, 2], 1.5), y, threat)).rejects.toThrow('ADVROB_BOUNDS');
    await expect(attack.run(model, x, y, { norm: 'l1', epsilon: 1 })).rejects.toThrow('ADVROB_NORM');
    expect(() => pgd({ steps: 0 })).toThrow('ADVROB_OPTION');
    expect(() => pgd({ stpes: 3 } as never)).toThrow('did you mean steps');
  });

  it('attacks a constant classifier in vain instead of failing', async () => {
    const model = planeModel();
    const constant: Classifier = { ...model, logits: (input) => tf.tile(tf.tensor2d([[0, 1]]), [input.shape[0]!, 1]) };
    const { x, y } = points([0.02, 0.3]);
    const result = await pgd().run(constant, x, y, { norm: 'linf', epsilon: 0.5 });
    expect([...result.success]).toEqual([0, 0]);
  });

  it('starts a further loop on the examples that are left, and none where all are found', async () => {
    const model = planeModel();
    const batches: number[] = [];
    const counting: Classifier = {
      ...model,
      logits: (input) => {
        batches.push(input.shape[0]!);
        return model.logits(input);
      },
    };
    const twice = defineAttack({
      name: 'twice',
      summary: 'Two loops of one full step.',
      knowledge: 'scores',
      norms: ['linf'],
      budget: 'fixed',
      options: z.strictObject({}),
      async perturb(scope) {
        for (let loop = 0; loop < 2; loop++)
          await scope.iterate({ adv: scope.x }, 1, ({ adv }, { model, x, threat, offer }) => {
            const lowest = threat.project(tf.sub(adv, 1), x);
            offer(lowest, model.logits(lowest));
            return { adv: lowest };
          });
      },
    });
    const attack = async (gaps: number[]): Promise<number[]> => {
      const { x, y } = points(gaps);
      await twice().run(counting, x, y, { norm: 'linf', epsilon: 0.1 });
      return batches.splice(0).slice(1, -1); // without the clean pass and the final check
    };
    expect(await attack([0.02, 0.3, 0.05, 0.04])).toEqual([4, 1]);
    expect(await attack([0.02, 0.05])).toEqual([2]);
  });

  it('takes one-hot labels', async () => {
    const model = planeModel();
    const { x } = points([0.02, 0.3]);
    const y = tf.oneHot(tf.tensor1d([1, 1], 'int32'), 2);
    const result = await pgd().run(model, x, y, { norm: 'linf', epsilon: 0.1 });
    expect([...result.success]).toEqual([1, 0]);
  });
});

describe('maximize', () => {
  it('perturbs every example, also those that are misclassified already', async () => {
    const model = planeModel();
    const { x, y } = points([0.02, 0.3, -0.3]);
    const adv = await pgd({ steps: 10, stepSize: 0.05 }).maximize(model, x, y, { norm: 'linf', epsilon: 0.1 });
    const moved = await tf.sub(adv, x).array();
    for (const row of moved as number[][]) for (const change of row) expect(change).toBeCloseTo(-0.1, 5);
  });

  it('draws anew in every training step and repeats itself for the same one', async () => {
    const model = planeModel();
    const { x, y } = points([0.02, 0.3]);
    const attack = pgd({ steps: 1, stepSize: 0 });
    const at = async (step: number): Promise<unknown> =>
      (await attack.maximize(model, x, y, { norm: 'linf', epsilon: 0.1 }, { step })).array();
    expect(await at(1)).toEqual(await at(1));
    expect(await at(1)).not.toEqual(await at(2));
  });

  it('keeps the lane with the highest loss', async () => {
    const model = planeModel();
    const { x, y } = points([0.02, 0.3]);
    const threat: Threat = { norm: 'linf', epsilon: 0.1 };
    const attack = pgd({ steps: 1, stepSize: 0 });
    const margin = async (adv: Tensor): Promise<number[]> => [...(await tf.sum(adv, 1).data())];
    const one = await margin(await attack.maximize(model, x, y, threat));
    const many = await margin(await attack.maximize(model, x, y, threat, { restarts: 20 }));
    one.forEach((sum, i) => expect(many[i]).toBeLessThan(sum));
  });
});
