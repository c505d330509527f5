import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { AdvrobError, type Classifier, type Norm } from '@advrob/core';
import { normalDistribution, normalQuantile } from '@advrob/core/statistics';
import { certifierContract, linearClassifier } from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { noiseOf } from './noise.js';
import { smoothedClassifier } from './smoothed-classifier.js';
import { smoothing } from './smoothing.js';
import { countVotes, type Ballot } from './votes.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Class 0 where 3 x_0 - 4 x_1 + bias > 0. */
const half = (bias: number): Classifier =>
  linearClassifier({
    weights: [
      [3, 0],
      [-4, 0],
    ].map((row) => [...row]),
    bias: [bias, 0],
  });

/** A classifier of scores that a function of [n, d] gives. */
function scored(size: number, numClasses: number, scores: (x: tf.Tensor2D) => tf.Tensor): Classifier {
  return {
    inputShape: [size],
    numClasses,
    bounds: [0, 1],
    weights: {},
    logits: (x) => tf.tidy(() => scores(tf.reshape(x, [-1, size]) as tf.Tensor2D)),
  };
}

/** Certifies `count` copies of one point, each with noise of its own. */
async function certifyCopies(
  model: Classifier,
  point: readonly number[],
  count: number,
  options: Parameters<typeof smoothing>[0],
  { norm = 'l2', epsilon = Infinity, label = 0 }: { norm?: Norm; epsilon?: number; label?: number } = {},
) {
  const x = tf.tile(tf.tensor2d([[...point]]), [count, 1]);
  const y = tf.fill([count], label, 'int32');
  try {
    return await smoothing({ batch: 4096, ...options }).certify(model, x, y, createThreat({ norm, epsilon }, [0, 1]));
  } finally {
    tf.dispose([x, y]);
  }
}

describe.each([
  ['gaussian', {}],
  ['uniform', { noise: 'uniform' }],
  ['laplace', { noise: 'laplace' }],
  ['gaussian with runner-up', { runnerUp: true }],
] as const)('the contract, %s', (_, options) => {
  for (const { name, run } of certifierContract(() => smoothing({ draws: [100, 400], select: 20, ...options })))
    it(name, run);
});

describe('a linear classifier, where everything is known', () => {
  const margin = 0.3;
  const point = [0.9, 0.9];
  const model = half(5 * margin - (3 * 0.9 - 4 * 0.9));

  it.each([0.2, 0.7])('the radius grows to the distance of the boundary whatever sigma is: %f', async (sigma) => {
    // The point is near the bounds: noise that were cut to them would have another share of votes.
    const { radius, verdicts, passes, prediction } = await certifyCopies(model, point, 4, {
      sigma,
      select: 20,
      draws: [20_000],
    });
    // The bound lies 3.1 standard deviations below the share of votes, which lies within 4 of its mean.
    const p = normalDistribution(margin / sigma);
    const deviation = Math.sqrt((p * (1 - p)) / 20_000);
    for (const each of radius!) {
      expect(each).toBeGreaterThan(sigma * normalQuantile(p - 7.1 * deviation));
      expect(each).toBeLessThan(sigma * normalQuantile(p + 0.9 * deviation));
    }
    expect(verdicts).toEqual(new Array(4).fill('open'));
    expect([...prediction]).toEqual([0, 0, 0, 0]);
    expect([...passes]).toEqual(new Array(4).fill(20_020));
    expect(new Set(radius).size).toBe(4);
  });

  it('claims more than the truth with a chance of at most alpha', async () => {
    const { radius } = await certifyCopies(model, point, 2000, { sigma: 0.4, select: 8, draws: [150], alpha: 0.05 });
    const wrong = [...radius!].filter((each) => each > margin).length / 2000;
    expect(wrong).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt(0.05 / 2000));
    expect(wrong).toBeGreaterThan(0.015);
  });

  it('stays right at several checkpoints with an early stop, at the very radius', async () => {
    const options = { sigma: 0.4, select: 8, draws: [50, 100, 200], alpha: 0.05 };
    const { verdicts } = await certifyCopies(model, point, 2000, options, { epsilon: margin * (1 + 1e-7) });
    const wrong = verdicts.filter((verdict) => verdict === 'certified').length / 2000;
    expect(wrong).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt(0.05 / 2000));
    expect(wrong).toBeGreaterThan(0.01);
  });

  it('does not count the draws that chose the class', async () => {
    // On the boundary either class is chosen by chance; its own draws speak for it.
    const { prediction } = await certifyCopies(model, [0.9 - 0.6 * margin, 0.9 + 0.8 * margin], 2000, {
      sigma: 0.4,
      select: 100,
      draws: [100],
      alpha: 0.05,
    });
    const shown = prediction.filter((label) => label >= 0).length / 2000;
    expect(shown).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt(0.05 / 2000));
    expect(shown).toBeGreaterThan(0.01);
  });

  it('stops early where it is decided, with the verdict of all draws', async () => {
    const options = { sigma: 0.4, draws: [100, 400, 6400] };
    const [near, far] = await Promise.all(
      [0.1, 0.6].map((epsilon) => certifyCopies(model, point, 3, options, { epsilon })),
    );
    expect(near!.verdicts).toEqual(['certified', 'certified', 'certified']);
    expect(far!.verdicts).toEqual(['open', 'open', 'open']);
    for (const { passes } of [near!, far!]) expect(Math.max(...passes)).toBeLessThan(6400);
    const wrong = await certifyCopies(model, point, 3, options, { epsilon: 0.1, label: 1 });
    expect(wrong.verdicts).toEqual(['falsified', 'falsified', 'falsified']);
    expect(Math.max(...wrong.passes)).toBeLessThan(6400);
  });

  it('gives Linf as L2 over the root of d, and L1 as L2', async () => {
    const radii = await Promise.all(
      (['l2', 'linf', 'l1'] as const).map(
        async (norm) => (await certifyCopies(model, point, 1, {}, { norm })).radius![0]!,
      ),
    );
    expect(radii[1]).toBeCloseTo(radii[0]! / Math.SQRT2, 12);
    expect(radii[2]).toBe(radii[0]);
  });

  it('with a bound of its own for every other class: nearly as good with two, better with many', async () => {
    const two = await certifyCopies(model, point, 1, { sigma: 0.4, runnerUp: true });
    const one = await certifyCopies(model, point, 1, { sigma: 0.4 });
    expect(two.radius![0]).toBeLessThan(one.radius![0]!);
    expect(two.radius![0]).toBeGreaterThan(0.9 * one.radius![0]!);
    // A slab of a third of the votes, the rest among ten other classes.
    const slabs = scored(1, 11, (x) => {
      const place = tf.floor(tf.mul(tf.abs(tf.sub(x, 0.5)), 10));
      return tf.cast(tf.equal(tf.minimum(place, 10), tf.range(0, 11)), 'float32');
    });
    const share = 2 * normalDistribution(0.1 / 0.2) - 1;
    expect(share).toBeLessThan(0.5);
    const many = await certifyCopies(slabs, [0.5], 1, { sigma: 0.2, select: 2000, runnerUp: true });
    expect(many.prediction[0]).toBe(0);
    expect(many.radius![0]).toBeGreaterThan(0);
    expect((await certifyCopies(slabs, [0.5], 1, { sigma: 0.2 })).prediction[0]).toBe(-1);
  });
});

it('counts votes as often as a slab and a ball have them', async () => {
  const count = 40_000;
  const near = (found: number, p: number): void =>
    expect(Math.abs(found / count - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / count));
  const slab = scored(2, 2, (x) => {
    const value = tf.matMul(x, tf.tensor2d([[0.6], [0.8]]));
    return tf.concat([tf.sub(0.5, tf.abs(value)), tf.zerosLike(value)], 1);
  });
  const [first] = await votesOf(slab, [0.2, 0.1], { sigma: 0.3, count });
  near(first![0]!, normalDistribution((0.5 - 0.2) / 0.3) - normalDistribution((-0.5 - 0.2) / 0.3));
  // Around the centre of a ball in two dimensions: 1 - exp(-r^2 / 2 sigma^2).
  const ball = scored(2, 2, (x) => {
    const size = tf.sum(tf.square(x), 1, true);
    return tf.concat([tf.sub(0.25, size), tf.zerosLike(size)], 1);
  });
  const [second] = await votesOf(ball, [0, 0], { sigma: 0.4, count });
  near(second![0]!, 1 - Math.exp(-0.25 / (2 * 0.16)));
});

/** Votes for one point; `parts` of the draws are asked for separately. */
async function votesOf(
  model: Classifier,
  point: readonly number[],
  { sigma, count, batch = 4096, id = 0 }: { sigma: number; count: number; batch?: number; id?: number },
): Promise<Int32Array[]> {
  const x = tf.tensor2d([[...point]]);
  const noise = noiseOf({ noise: 'gaussian', sigma, keep: 1 });
  const ballot: Ballot = { model, x, ids: Int32Array.of(id), seed: 5, noise, quantise: false, batch };
  try {
    return await countVotes(ballot, 'estimate', [{ row: 0, from: 0, to: count }]);
  } finally {
    x.dispose();
  }
}

it('gives where all votes agree the radius of the paper, each look having its share of alpha', async () => {
  const sure = scored(1, 2, (x) => tf.concat([tf.onesLike(x), tf.zerosLike(x)], 1));
  const [one] = (await certifyCopies(sure, [0.5], 1, { sigma: 2, draws: [1000] })).radius!;
  // Golden: 2.463262615 sigma at alpha 0.001.
  expect(one! / 2).toBeCloseTo(2.463262615, 7);
  const [two] = (await certifyCopies(sure, [0.5], 1, { sigma: 2, draws: [100, 1000] })).radius!;
  expect(two! / 2).toBeCloseTo(normalQuantile(0.0005 ** (1 / 1000)), 7);
});

describe('draws', () => {
  const model = half(0.4);
  const points = [
    [0.3, 0.5],
    [0.1, 0.2],
    [0.6, 0.4],
  ];
  const certified = async (order: readonly number[], options: Parameters<typeof smoothing>[0]) => {
    const x = tf.tensor2d(order.map((i) => [...points[i]!]));
    const y = tf.zeros([order.length], 'int32');
    const ids = Int32Array.from(order, (i) => 10 + i);
    const threat = createThreat({ norm: 'l2', epsilon: Infinity }, [0, 1]);
    const { radius } = await smoothing(options).certify(model, x, y, threat, { ids, seed: 3 });
    tf.dispose([x, y]);
    return new Map(order.map((i, row) => [i, radius![row]!]));
  };

  it('depend on seed, stage, example and number alone: not on batch, order or neighbours', async () => {
    const whole = await certified([0, 1, 2], { draws: [200] });
    expect(await certified([2, 0, 1], { draws: [200], batch: 17 })).toEqual(
      new Map([2, 0, 1].map((i) => [i, whole.get(i)!])),
    );
    expect((await certified([1], { draws: [200] })).get(1)).toBe(whole.get(1));
    expect(new Set(whole.values()).size).toBe(3);
  });

  it('go on where an earlier session stopped', async () => {
    const x = tf.tensor2d([points[0]!]);
    const noise = noiseOf({ noise: 'gaussian', sigma: 0.25, keep: 1 });
    const ballot: Ballot = { model, x, ids: Int32Array.of(7), seed: 1, noise, quantise: false, batch: 64 };
    const [whole] = await countVotes(ballot, 'estimate', [{ row: 0, from: 0, to: 300 }]);
    const parts = await countVotes(ballot, 'estimate', [
      { row: 0, from: 0, to: 123 },
      { row: 0, from: 123, to: 300 },
    ]);
    expect(parts[0]!.map((count, label) => count + parts[1]![label]!)).toEqual(whole);
    const [other] = await countVotes(ballot, 'select', [{ row: 0, from: 0, to: 300 }]);
    expect(other).not.toEqual(whole);
    x.dispose();
  });

  it('come in batches of one shape: memory does not grow with their number', async () => {
    const shapes = new Set<number>();
    const watched: Classifier = { ...model, logits: (x) => (shapes.add(x.shape[0]!), model.logits(x)) };
    const before = tf.memory().numTensors;
    const x = tf.tensor2d(points);
    const progress: number[] = [];
    await smoothedClassifier(watched, { draws: [128, 1000], batch: 128 }).certify(x, { epsilon: 0.05 });
    const y = tf.zeros([3], 'int32');
    await smoothing({ draws: [64, 500] }).certify(watched, x, y, createThreat({ norm: 'l2', epsilon: 0.1 }, [0, 1]), {
      onProgress: ({ done, total }) => void (progress.push(done), expect(total).toBe(3)),
    });
    tf.dispose([x, y]);
    expect(tf.memory().numTensors).toBe(before);
    for (const rows of shapes) expect(Math.log2(rows) % 1).toBe(0);
    expect(Math.max(...shapes)).toBe(256);
    expect(progress.at(-1)).toBe(3);
  });

  it('that give NaN are votes for no class', async () => {
    const broken = scored(2, 2, (x) => tf.log(tf.sub(x, 0.5)));
    const [counts] = await votesOf(broken, [0.5, 0.5], { sigma: 0.1, count: 2000 });
    expect(counts![0]! + counts![1]!).toBeLessThan(700);
    expect(counts![0]! + counts![1]!).toBeGreaterThan(300);
  });

  it('are rounded where that is asked for, also outside of the bounds', async () => {
    const seen: number[] = [];
    const watched: Classifier = {
      ...model,
      logits: (x) => (seen.push(...(x.dataSync() as Float32Array)), model.logits(x)),
    };
    const x = tf.tensor2d([[0.1, 0.9]]);
    await smoothedClassifier(watched, { quantise: 10, draws: [50] }).certify(x);
    x.dispose();
    for (const value of seen) expect(Math.abs(value * 10 - Math.round(value * 10))).toBeLessThan(1e-5);
    expect(Math.max(...seen)).toBeGreaterThan(1);
  });
});

describe('predict', () => {
  it('abstains where two classes may be equally likely, and else finds the class', async () => {
    const x = tf.tensor2d([
      [0.5, 0.375],
      [3, -3],
    ]);
    const [even, clear] = await smoothedClassifier(half(0)).predict(x, { draws: 200 });
    expect(even!.prediction).toBe(-1);
    expect(clear).toMatchObject({ prediction: 0, counts: Int32Array.of(200, 0) });
    expect(clear!.pValue).toBeCloseTo(2 ** -199, 70);
    x.dispose();
  });

  it('finds the same class at every point inside of a radius', async () => {
    const ring = scored(2, 2, (x) => {
      const size = tf.sqrt(tf.sum(tf.square(tf.sub(x, 0.5)), 1, true));
      return tf.concat([tf.sub(0.4, size), tf.zerosLike(size)], 1);
    });
    const smoothed = smoothedClassifier(ring, { sigma: 0.2, draws: [10_000], batch: 2048 });
    const x = tf.tensor2d([[0.55, 0.5]]);
    const [{ prediction, radius } = { prediction: -1, radius: 0 }] = await smoothed.certify(x);
    expect(prediction).toBe(0);
    expect(radius).toBeGreaterThan(0.1);
    const around = tf.tensor2d(
      Array.from({ length: 8 }, (_, i) => [
        0.55 + 0.99 * radius * Math.cos((i * Math.PI) / 4),
        0.5 + 0.99 * radius * Math.sin((i * Math.PI) / 4),
      ]),
    );
    for (const found of await smoothed.predict(around, { draws: 10_000 })) expect(found.prediction).not.toBe(1);
    tf.dispose([x, around]);
  });

  it('refuses a number of draws that is none', async () => {
    const x = tf.tensor2d([[0.5, 0.5]]);
    await expect(smoothedClassifier(half(0)).predict(x, { draws: 0 })).rejects.toThrow('draws');
    x.dispose();
  });
});

describe('options and statement', () => {
  const threat = createThreat({ norm: 'l2', epsilon: 0.5 }, [0, 1]);

  it('says what a certificate holds for', () => {
    const { text, ...rest } = smoothing({ sigma: 0.5, quantise: 255 }).statement(threat);
    expect(rest).toEqual({ kind: 'probabilistic', alpha: 0.001, of: 'smoothed', rounding: 'none' });
    expect(text).toContain('not for the model itself');
    expect(text).toContain('0.999');
    expect(text).toContain('255 steps');
    expect(smoothing({ noise: 'ablation' }).statement(threat).of).toBe('ablated');
  });

  it.each([
    ['laplace', 'linf'],
    ['uniform', 'l2'],
    ['gaussian', 'l0'],
    ['ablation', 'l1'],
  ] as const)('%s noise refuses %s, for which it shows nothing', async (noise, norm) => {
    await expect(certifyCopies(half(0), [0.5, 0.5], 1, { noise }, { norm, epsilon: 1 })).rejects.toSatisfy(
      (error) => error instanceof AdvrobError && error.code === 'ADVROB_CERTIFY',
    );
  });

  it('refuses checkpoints that do not ascend', () => {
    expect(() => smoothing({ draws: [100, 100] })).toThrow('ascending');
  });

  it('abstains where the bound is no more than a half', async () => {
    const sure = scored(1, 2, (x) => tf.concat([tf.onesLike(x), tf.zerosLike(x)], 1));
    expect((await certifyCopies(sure, [0.5], 1, { draws: [1], alpha: 0.5 })).prediction[0]).toBe(-1);
    expect((await certifyCopies(sure, [0.5], 1, { draws: [1], alpha: 0.501 })).prediction[0]).toBe(0);
  });
});
