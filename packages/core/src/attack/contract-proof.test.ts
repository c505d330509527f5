/**
 * The hardest methods of the literature, written against the contract before it was frozen: a
 * search over constants with early ends (C&W), lanes with targets (APGD-T's), labels only with many
 * queries a row (HopSkipJump), an ensemble. Abbreviated; the real ones live in @advrob/attacks.
 */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Rows, Scope } from '../contract/index.js';
import { linearClassifier } from '../testing/linear-classifier.js';
import { defineAttack } from './define-attack.js';
import { column, select } from '../rows.js';

const carliniWagner = defineAttack({
  name: 'cw',
  summary: 'Smallest L2 distance by a search over the weight of a margin loss.',
  knowledge: 'gradients',
  norms: ['l2'],
  budget: 'minimal',
  options: z.strictObject({ searches: z.int().default(6), steps: z.int().default(60), rate: z.number().default(0.02) }),
  async perturb(scope, { searches, steps, rate }) {
    const n = [scope.x.shape[0]!];
    let search = { c: tf.fill(n, 1) as Tensor, lower: tf.zeros(n) as Tensor, upper: tf.fill(n, 1e9) as Tensor };
    for (let outer = 0; outer < searches; outer++) {
      const start = { ...search, adv: scope.x, hit: tf.zeros(n), before: tf.fill(n, 1e10) };
      const end = await scope.iterate(start, steps, (s, { model, x, y, offer, finish, step }) => {
        const margin = (z: Tensor): Tensor => {
          const own = tf.oneHot(tf.cast(y, 'int32') as tf.Tensor1D, model.numClasses);
          const label = tf.sum(tf.mul(own, z), 1);
          const other = tf.max(tf.sub(z, tf.mul(own, 1e9)), 1);
          return tf.mul(s.c, tf.relu(tf.add(tf.sub(label, other), 0.01)));
        };
        const { gradient, logits, loss } = model.gradient(s.adv, margin);
        offer(s.adv, logits);
        const total = tf.add(gradient, tf.mul(2, tf.sub(s.adv, x)));
        if (step % 10 === 9) finish(tf.greater(tf.add(loss, tf.sum(tf.square(tf.sub(s.adv, x)), 1)), s.before));
        return {
          ...s,
          adv: tf.clipByValue(tf.sub(s.adv, tf.mul(rate, total)), 0, 1),
          hit: tf.maximum(s.hit, tf.cast(tf.lessEqual(loss, 0), 'float32')),
        };
      });
      const hit = tf.cast(end.hit, 'bool');
      const upper = tf.where(hit, tf.minimum(end.upper, end.c), end.upper);
      const lower = tf.where(hit, end.lower, tf.maximum(end.lower, end.c));
      const middle = tf.div(tf.add(lower, upper), 2);
      search = { upper, lower, c: tf.where(tf.less(upper, 1e8), middle, tf.mul(end.c, 10)) };
    }
  },
});

const hopSkipJump = defineAttack({
  name: 'hop',
  summary: 'Bisection towards the clean point, and gradient directions estimated from labels.',
  knowledge: 'labels',
  norms: ['l2'],
  budget: 'minimal',
  options: z.strictObject({ rounds: z.int().default(3), directions: z.int().default(64) }),
  async perturb(scope, { rounds, directions }) {
    const wrong = (rows: Rows<'labels'>, at: Tensor): Tensor => {
      const labels = rows.model.labels(at);
      rows.offer(at, labels);
      return tf.notEqual(labels, rows.y);
    };
    const bisect = async (from: Tensor): Promise<Tensor> => {
      const end = await scope.iterate({ adv: from, low: scope.x }, 20, (s, rows) => {
        const middle = tf.div(tf.add(s.adv, s.low), 2);
        const fooled = wrong(rows, middle);
        return { adv: select(fooled, middle, s.adv), low: select(fooled, s.low, middle) };
      });
      return end.adv;
    };
    let adv = await bisect(tf.zerosLike(scope.x));
    for (let round = 0; round < rounds; round++) {
      const size = scope.x.shape[1]!;
      const { sum } = await scope.iterate({ adv, sum: tf.zerosLike(adv) }, 1, (s, rows) => {
        const u = rows.rng.normal('direction', [directions, size]);
        const at = tf.reshape(tf.add(tf.expandDims(s.adv, 1), tf.mul(0.05, u)), [-1, size]);
        const labels = tf.reshape(rows.model.labels(at), [-1, directions]);
        const phi = tf.sub(tf.mul(2, tf.cast(tf.notEqual(labels, tf.expandDims(rows.y, 1)), 'float32')), 1);
        return { adv: s.adv, sum: tf.sum(tf.mul(u, tf.expandDims(phi, 2)), 1) };
      });
      const length = tf.sqrt(tf.sum(tf.square(sum), 1));
      const direction = tf.div(sum, column(length, sum));
      const stepped = await scope.iterate({ candidate: adv, size: tf.fill([adv.shape[0]!], 0.2) }, 6, (s, rows) => {
        const candidate = tf.clipByValue(tf.add(s.candidate, tf.mul(column(s.size, adv), direction)), 0, 1);
        const fooled = wrong(rows, candidate);
        rows.finish(fooled);
        return { candidate: select(fooled, candidate, s.candidate), size: tf.div(s.size, 2) };
      });
      adv = await bisect(stepped.candidate);
    }
  },
});

const targetLanes = defineAttack({
  name: 'lanes',
  summary: 'One gradient step towards each of the other classes.',
  knowledge: 'gradients',
  norms: ['linf'],
  budget: 'fixed',
  options: z.strictObject({}),
  async perturb(scope) {
    const ranked = tf.slice(tf.topk(scope.clean, 3).indices, [0, 1], [-1, 2]);
    const lanes = scope.expand({ targets: ranked });
    const { adv } = await lanes.iterate({ adv: lanes.x }, 3, ({ adv }, { model, x, threat, lossOf, offer }) => {
      const { gradient, logits } = model.gradient(adv, lossOf);
      offer(adv, logits);
      return { adv: threat.project(tf.add(adv, tf.mul(0.1, threat.steepestAscent(gradient))), x) };
    });
    return adv;
  },
});

const ensemble = defineAttack({
  name: 'ensemble',
  summary: 'Lanes, then C&W inside the ball.',
  knowledge: 'gradients',
  norms: ['linf', 'l2'],
  budget: 'fixed',
  options: z.strictObject({}),
  async perturb(scope: Scope<'gradients'>) {
    await scope.attack(carliniWagner());
    await scope.attack(hopSkipJump());
  },
});

const plane = () =>
  linearClassifier({
    weights: [
      [-1, 1],
      [-2, 2],
    ],
    bias: [1, -1],
  });
/** L2 distance of a point to the boundary 2 x0 + 4 x1 = 2. */
const distanceTo = ([a, b]: [number, number]): number => Math.abs(2 * a + 4 * b - 2) / Math.sqrt(20);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the contract carries', () => {
  const corners: [number, number][] = [
    [0.5, 0.5],
    [0.4, 0.7],
    [0.6, 0.9],
  ];

  it.each([
    ['C&W', carliniWagner(), 0.01],
    ['HopSkipJump', hopSkipJump(), 0.03],
  ])(
    '%s: it comes close to the known smallest distance, and judges success at epsilon',
    async (_name, attack, tolerance) => {
      const model = plane();
      const y = tf.ones([3], 'int32');
      const epsilon = 0.4;
      const before = tf.memory().numTensors;
      const x = tf.tensor2d(corners);
      const result = await attack.run(model, x, y, { norm: 'l2', epsilon });
      corners.forEach((corner, i) => {
        expect(result.closest[i]).toBeGreaterThan(distanceTo(corner) - 1e-6);
        expect(result.closest[i]).toBeLessThan(distanceTo(corner) + tolerance);
        expect(result.success[i]).toBe(Number(result.closest[i]! <= epsilon));
      });
      expect([...result.success]).toEqual([1, 1, 0]);
      tf.dispose([x, result.adversarial]);
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it('an early end: rows that finish stay as they are, and their queries stop', async () => {
    const counting = defineAttack({
      name: 'counting',
      summary: 'Ends each row after its own number of steps.',
      knowledge: 'scores',
      norms: ['linf'],
      budget: 'fixed',
      options: z.strictObject({}),
      async perturb(scope) {
        const limit = tf.tensor1d([1, 3, 20]);
        const end = await scope.iterate({ adv: scope.x, count: tf.zeros([3]), limit }, 12, (s, { model, finish }) => {
          model.logits(s.adv);
          const count = tf.add(s.count, 1);
          finish(tf.greaterEqual(count, s.limit));
          return { ...s, count };
        });
        counts = [...(await scope.read(end.count))];
      },
    });
    let counts: number[] = [];
    const result = await counting().run(plane(), tf.tensor2d(corners), tf.ones([3], 'int32'), {
      norm: 'linf',
      epsilon: 0.01,
    });
    expect(counts).toEqual([1, 3, 12]);
    expect([...result.queries]).toEqual([1, 3, 12]);
  });

  it('target lanes: any misclassification in any lane counts, queries add up over lanes', async () => {
    const model = linearClassifier({
      weights: [
        [0, 1, 0],
        [0, 0, 1],
      ],
      bias: [0.6, 0, 0],
    });
    const x = tf.tensor2d([
      [0.5, 0.1],
      [0.1, 0.5],
      [0.1, 0.1],
    ]);
    const result = await targetLanes().run(model, x, tf.zeros([3], 'int32'), { norm: 'linf', epsilon: 0.2 });
    expect([...result.prediction]).toEqual([1, 2, 0]);
    expect([...result.queries]).toEqual([6, 6, 8]);
  });

  it('an ensemble: members attack what is left, and the log names who found what', async () => {
    const model = plane();
    const x = tf.tensor2d([...corners, [0.1, 0.1]]);
    const y = tf.ones([4], 'int32');
    const before = tf.memory().numTensors;
    const result = await ensemble().run(model, x, y, { norm: 'l2', epsilon: 0.4 });
    expect(result.fooledBy).toEqual(['cw', 'cw', null, 'clean']);
    result.adversarial.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a minimal-norm member of a fixed-budget ensemble', () => {
  it('wins with points on the sphere itself, which float32 rounds to either side', async () => {
    const model = plane();
    const edge = defineAttack({
      name: 'edge',
      summary: 'Goes to the sphere at once.',
      knowledge: 'scores',
      norms: ['linf'],
      budget: 'minimal',
      options: z.strictObject({}),
      async perturb(scope) {
        const adv = tf.sub(scope.x, scope.threat.epsilon);
        scope.offer(adv, scope.model.logits(adv));
      },
    });
    const around = defineAttack({
      ...edge.definition,
      name: 'around',
      knowledge: 'gradients',
      budget: 'fixed',
      options: z.strictObject({}),
      async perturb(scope) {
        await scope.attack(edge());
      },
    });
    // 2 x0 + 4 x1 = 2.04: the corner of a ball of radius 0.01 lies 0.02 beyond the boundary.
    const corners = Array.from({ length: 256 }, (_, i): [number, number] => [
      0.2 + 0.001 * i,
      (2.04 - 2 * (0.2 + 0.001 * i)) / 4,
    ]);
    const result = await around().run(model, tf.tensor2d(corners), tf.ones([256], 'int32'), {
      norm: 'linf',
      epsilon: 0.01,
    });
    expect(new Set(result.fooledBy)).toEqual(new Set(['edge']));
    expect(result.distance.some((distance) => distance > 0.01)).toBe(true);
  });
});

// Errors that must occur at compile time.
defineAttack({
  name: 'peeking',
  summary: 'A label-only attack sees no logits.',
  knowledge: 'labels',
  norms: ['l2'],
  budget: 'minimal',
  options: z.strictObject({}),
  async perturb(scope) {
    // @ts-expect-error a label-only attack has no logits
    scope.model.logits(scope.x);
    // @ts-expect-error a state that loses a slot
    await scope.iterate({ adv: scope.x, best: scope.x }, 3, ({ adv }) => ({ adv }));
  },
});
// @ts-expect-error an option that does not exist
void (() => hopSkipJump({ ruonds: 3 }));
