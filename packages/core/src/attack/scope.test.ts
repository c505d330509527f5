import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Attack, Classifier } from '../contract/index.js';
import { linearClassifier } from '../testing/linear-classifier.js';
import { defineAttack } from './define-attack.js';

/** A random step whose direction is the sign of the gradient. */
const noisy = defineAttack({
  name: 'noisy',
  summary: 'One step of random length along the sign of the gradient.',
  knowledge: 'gradients',
  norms: ['linf'],
  budget: 'fixed',
  options: z.strictObject({}),
  async perturb({ x, model, lossOf, rng, threat }) {
    const { gradient } = model.gradient(x, lossOf);
    const size = rng.uniform('size', [1], 0.05, threat.epsilon);
    return threat.project(tf.add(x, tf.mul(tf.sign(gradient), size)), x);
  },
});

let crafted: number[][] = [];
const borrowing = defineAttack({
  name: 'borrowing',
  summary: 'Judges points that another model gave away.',
  knowledge: 'labels',
  norms: ['linf'],
  budget: 'fixed',
  options: z.strictObject({ surrogate: z.any(), other: z.any() }),
  async perturb(scope, { surrogate, other }) {
    const points = await scope.craft(other as Attack, surrogate as Classifier);
    crafted = (await scope.read(points)).length > 0 ? (points.arraySync() as number[][]) : [];
    return points;
  },
});

const along = (slope: number): Classifier =>
  linearClassifier({
    weights: [
      [0, slope],
      [0, 1],
    ],
    bias: [0.5, 0],
  });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('craft', () => {
  const [target, surrogate] = [along(2), along(3)];
  const x = tf.tensor2d([
    [0.4, 0.4],
    [0.3, 0.3],
    [0.9, 0.9],
  ]);
  const y = tf.ones([3], 'int32');
  const threat = { norm: 'linf', epsilon: 0.3 } as const;

  it('gives the last iterates on the surrogate, and counts one query of the target', async () => {
    const before = tf.memory().numTensors;
    const result = await borrowing({ surrogate, other: noisy() }).run(target, x, y, threat, { seed: 4 });
    const wanted = await noisy().maximize(surrogate, x, y, threat, { seed: 4 });
    expect(crafted).toEqual(await wanted.array());
    expect([...result.queries]).toEqual([1, 1, 1]);
    tf.dispose([result.adversarial, wanted]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('draws anew in each lane, whatever the batch', async () => {
    const attack = borrowing({ surrogate, other: noisy() });
    (await attack.run(target, x, y, threat, { restarts: 3 })).adversarial.dispose();
    const together = crafted;
    expect(together.length).toBe(9);
    expect(new Set(together.slice(0, 3).map(String)).size).toBe(3);
    const alone = tf.slice(x, [2, 0], [1, 2]);
    const one = tf.ones([1], 'int32');
    (await attack.run(target, alone, one, threat, { restarts: 3, ids: Int32Array.of(2) })).adversarial.dispose();
    expect(crafted).toEqual(together.slice(6));
  });

  it('passes on the classes that the caller wants', async () => {
    const targets = tf.ones([3], 'int32');
    const zeros = tf.zeros([3], 'int32');
    const low = tf.tensor2d([
      [0.1, 0.1],
      [0.05, 0.05],
      [0.1, 0],
    ]);
    const result = await borrowing({ surrogate, other: noisy() }).run(target, low, zeros, threat, { targets });
    crafted.forEach((row, i) => expect(row[0]!).toBeGreaterThan(low.arraySync()[i]![0]!));
    result.adversarial.dispose();
  });

  it('says so when the surrogate has other bounds, and frees all', async () => {
    const before = tf.memory().numTensors;
    const other = { ...surrogate, bounds: [0, 255] as const };
    await expect(borrowing({ surrogate: other, other: noisy() }).run(target, x, y, threat)).rejects.toMatchObject({
      code: 'ADVROB_THREAT',
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('tidy', () => {
  const model = along(2);
  const [x, y] = [tf.tensor2d([[0.4, 0.4]]), tf.ones([1], 'int32')];
  const threat = { norm: 'linf', epsilon: 1e-3 } as const;

  /** Three rounds, the last of which may fail; gives the tensors that there are after each. */
  function inRounds(fails = false): { readonly attack: Attack; readonly counts: number[] } {
    const counts: number[] = [];
    const rounds = defineAttack({
      name: 'rounds',
      summary: 'Moves a little in each of three rounds.',
      knowledge: 'gradients',
      norms: ['linf'],
      budget: 'fixed',
      options: z.strictObject({}),
      async perturb(scope) {
        let adv: tf.Tensor = tf.clone(scope.x);
        for (let round = 0; round < 3; round++) {
          const from = adv;
          adv = await scope.tidy(async () => {
            const lanes = scope.expand(2);
            const { points } = await lanes.iterate({ points: lanes.x }, 2, ({ points }) => ({
              points: tf.add(points, 1e-4),
            }));
            await scope.tidy(async () => void tf.square(points));
            if (fails && round === 2) throw new RangeError('round');
            return tf.add(from, tf.mul(tf.slice(points, 0, 1), 0));
          });
          from.dispose();
          counts.push(tf.memory().numTensors);
        }
        return adv;
      },
    });
    return { attack: rounds(), counts };
  }

  it('frees what a round made, but its result', async () => {
    const before = tf.memory().numTensors;
    const { attack, counts } = inRounds();
    (await attack.run(model, x, y, threat)).adversarial.dispose();
    expect(new Set(counts)).toEqual(new Set([counts[0]]));
    expect(counts).toHaveLength(3);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('frees all of a round that fails', async () => {
    const before = tf.memory().numTensors;
    await expect(inRounds(true).attack.run(model, x, y, threat)).rejects.toThrow('round');
    expect(tf.memory().numTensors).toBe(before);
  });
});
