import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { describe, expect, it } from 'vitest';
import { crossEntropy } from './cross-entropy.js';
import { dlr, targetedDlr } from './dlr.js';
import { klDivergence, meanKlDivergence } from './kl-divergence.js';
import { logOneMinusProbability } from './log-one-minus-probability.js';
import { margin } from './margin.js';
import { softplus } from './class-logits.js';

const int32 = (...values: number[]) => tf.tensor1d(values, 'int32');
const matrix = (...rows: number[][]) => tf.tensor2d(rows);
const gradientOf = async (loss: (z: tf.Tensor) => tf.Tensor, z: tf.Tensor) =>
  (await tf
    .grad((v) => tf.sum(loss(v)))(z)
    .array()) as number[][];

describe('logOneMinusProbability', () => {
  it('is the logarithm of 1 - p_y', async () => {
    const z = matrix([0.3, -1.2, 2.1], [4, 0, -1]);
    const p = (await tf.softmax(z).array()) as number[][];
    const values = await logOneMinusProbability(z, int32(2, 1)).data();
    expect(values[0]).toBeCloseTo(Math.log(1 - p[0]![2]!), 6);
    expect(values[1]).toBeCloseTo(Math.log(1 - p[1]![1]!), 6);
  });

  it('goes on falling, with a full gradient, where p_y rounds to 1', async () => {
    const z = matrix([60, 0, 0]);
    expect((await logOneMinusProbability(z, int32(0)).data())[0]).toBeCloseTo(Math.log(2) - 60, 5);
    const [row] = await gradientOf((v) => logOneMinusProbability(v, int32(0)), z);
    [-1, 0.5, 0.5].forEach((slope, k) => expect(row![k]).toBeCloseTo(slope, 6));
  });

  it('and cross-entropy ascend in the same direction', async () => {
    const z = matrix([20, 1, -2, 0.5]);
    const [[a], [b]] = [
      await gradientOf((v) => logOneMinusProbability(v, int32(0)), z),
      await gradientOf((v) => crossEntropy(v, int32(0)), z),
    ];
    a!.forEach((value, k) => expect(value / a![0]!).toBeCloseTo(b![k]! / b![0]!, 5));
  });
});

describe('klDivergence', () => {
  it('is 0 for equal logits up to a shift, and the closed form for two classes', async () => {
    expect((await klDivergence(matrix([1, 2, 3]), matrix([11, 12, 13])).data())[0]).toBeCloseTo(0, 6);
    const [value] = await klDivergence(matrix([0, 0]), matrix([Math.log(3), 0])).data();
    expect(value).toBeCloseTo(0.5 * Math.log(0.5 / 0.75) + 0.5 * Math.log(0.5 / 0.25), 6);
    const [mean] = await meanKlDivergence(matrix([0, 0], [1, 1]), matrix([Math.log(3), 0], [0, 0])).data();
    expect(mean).toBeCloseTo(value! / 2, 6);
  });

  /** Float64, by the odds of the first class, which is far ahead in both. */
  const exact = (first: readonly number[], second: readonly number[]): number => {
    const logs = (z: readonly number[]) => {
      const odds = z.slice(1).map((value) => value - z[0]!);
      const whole = Math.log1p(odds.reduce((sum, value) => sum + Math.exp(value), 0));
      return [-whole, ...odds.map((value) => value - whole)];
    };
    const [p, q] = [logs(first), logs(second)];
    return p.reduce((sum, log, k) => sum + Math.exp(log) * (log - q[k]!), 0);
  };
  const slopes = (value: (z: readonly number[]) => number, at: readonly number[]): number[] =>
    at.map((_, k) => {
      const moved = (by: number) => value(at.map((each, i) => (i === k ? each + by : each)));
      return (moved(1e-5) - moved(-1e-5)) / 2e-5;
    });

  it.each([0.5, 3, 10, 20, 40, 60, 80])(
    'has value and gradients of float64 %s ahead, the top class too',
    async (lead) => {
      for (const [first, second] of [
        [
          [lead, 0, 0.5],
          [lead - 2, 0.25, -0.5],
        ],
        [
          [lead - 0.25, 0, 0.5],
          [lead, -1, 0],
        ],
        [
          [lead, 0, 0.5],
          [lead + 0.0625, 0, 0.5],
        ],
      ] as const) {
        const [p, q] = [matrix([...first]), matrix([...second])];
        const wanted = exact(first, second);
        expect((await klDivergence(p, q).data())[0]! / wanted).toBeCloseTo(1, 3);
        const gradients = [
          [await gradientOf((z) => klDivergence(p, z), q), slopes((z) => exact(first, z), second)],
          [await gradientOf((z) => klDivergence(z, q), p), slopes((z) => exact(z, second), first)],
        ] as const;
        for (const [[found], expected] of gradients) {
          const largest = Math.max(...expected.map(Math.abs));
          expected.forEach((slope, k) => expect((found![k]! - slope) / largest).toBeCloseTo(0, 3));
        }
      }
    },
  );

  it('is never below 0, and flat where the two are one', async () => {
    const p = matrix([30, 1, 2], [0.1, 0.2, 0.3]);
    expect(await gradientOf((z) => klDivergence(p, z), p)).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    const q = tf.add(p, matrix([-8, 0, 0], [1e-4, 0, -1e-4]));
    for (const value of await klDivergence(p, q).data()) expect(value).toBeGreaterThan(0);
  });

  it('refuses logits of two shapes', () => {
    expect(() => klDivergence(tf.zeros([2, 3]), tf.zeros([2, 4]))).toThrow(/\[2, 3\] and \[2, 4\].*ADVROB_LOSS/);
  });
});

describe('margin', () => {
  it('is above 0 exactly where another class wins, with the gradient on two logits', async () => {
    const z = matrix([1, 3, 2], [5, 4, 4]);
    expect([...(await margin(z, int32(0, 0)).data())]).toEqual([2, -1]);
    expect(await gradientOf((v) => margin(v, int32(0, 0)), z)).toEqual([
      [-1, 1, 0],
      [-1, 1, 0],
    ]);
  });
});

describe('dlr', () => {
  it('is between -1 and 0 for the winner, and does not change with the scale', async () => {
    const z = matrix([4, 1, 2]);
    expect((await dlr(z, int32(0)).data())[0]).toBeCloseTo(-2 / 3, 6);
    expect((await dlr(tf.mul(z, 100), int32(0)).data())[0]).toBeCloseTo(-2 / 3, 6);
    expect((await dlr(z, int32(2)).data())[0]).toBeCloseTo(2 / 3, 6);
  });

  it('is 1 with gradient 0 where the label is third', async () => {
    const z = matrix([4, 1, 2, 0]);
    expect((await dlr(z, int32(1)).data())[0]).toBeCloseTo(1, 6);
    for (const value of (await gradientOf((v) => dlr(v, int32(1)), z)).flat()) expect(value).toBeCloseTo(0, 6);
  });

  it('has its targeted form', async () => {
    expect((await targetedDlr(matrix([4, 1, 2, 0]), int32(0), int32(2)).data())[0]).toBeCloseTo(-2 / 3.5, 6);
  });

  // Logits 5, 3, 2, 1 in some order: the label leads, is second, third, last.
  it.each([
    [3, [5, 3, 2], [-2 / 3, 2 / 3, 3 / 3]],
    [4, [5, 3, 2, 1], [-2 / 3, 2 / 3, 3 / 3, 4 / 3]],
  ])('of %d classes has the value by hand for a label of every rank', async (_, row, wanted) => {
    const z = tf.tensor2d(wanted.map(() => row));
    const found = await dlr(z, int32(...wanted.map((__, rank) => rank))).data();
    wanted.forEach((value, rank) => expect(found[rank]).toBeCloseTo(value, 6));
  });

  it('targeted, has the value by hand for labels and targets of every rank', async () => {
    const row = [5, 3, 2, 1];
    const pairs = row.flatMap((_, label) => row.flatMap((__, target) => (label === target ? [] : [[label, target]])));
    const z = tf.tensor2d(pairs.map(() => row));
    const [labels, targets] = [int32(...pairs.map(([label]) => label!)), int32(...pairs.map(([, target]) => target!))];
    const found = await targetedDlr(z, labels, targets).data();
    pairs.forEach(([label, target], i) => expect(found[i]).toBeCloseTo((row[target!]! - row[label!]!) / 3.5, 6));
  });

  it('at ties, and at logits of 1e3, has the value by hand', async () => {
    const z = matrix([2, 2, 1, 0], [2, 1, 1, 0], [2, 2, 2, 2], [1e3, -1e3, 0, 500]);
    const y = int32(0, 0, 0, 0);
    const wanted = [0, -1, 0, -500 / 1000];
    (await dlr(z, y).data()).forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 6));
    for (const value of (await gradientOf((v) => dlr(v, y), z)).flat()) expect(Number.isFinite(value)).toBe(true);
  });

  it('is the same for the logarithm of a softmax, and so is its gradient', async () => {
    const z = matrix([3, 1, 2, -1], [0.3, -2, 0.1, 0.2]);
    const [y, target] = [int32(0, 2), int32(2, 0)];
    for (const loss of [(v: tf.Tensor) => dlr(v, y), (v: tf.Tensor) => targetedDlr(v, y, target)]) {
      const ofLogProbabilities = (v: tf.Tensor): tf.Tensor => loss(tf.logSoftmax(v));
      const [plain, cut] = [await loss(z).data(), await ofLogProbabilities(z).data()];
      plain.forEach((value, i) => expect(cut[i]).toBeCloseTo(value, 5));
      const [slopes, cutSlopes] = [await gradientOf(loss, z), await gradientOf(ofLogProbabilities, z)];
      slopes.flat().forEach((value, i) => expect(cutSlopes.flat()[i]).toBeCloseTo(value, 5));
    }
  });

  it('needs three classes, four with a target', () => {
    expect(() => dlr(tf.zeros([2, 2]), int32(0, 1))).toThrow(/dlr: needs at least 3 classes, found 2.*ADVROB_LOSS/);
    expect(() => targetedDlr(tf.zeros([2, 3]), int32(0, 1), int32(1, 2))).toThrow(/at least 4 classes, found 3/);
  });
});

describe('softplus', () => {
  it('is exact at both ends and has the sigmoid as its gradient', async () => {
    const points = [-100, -80, -30, -14, -1, 0, 1, 14, 30, 1e4];
    const values = await softplus(tf.tensor1d(points)).data();
    const gradient = await tf
      .grad((x) => tf.sum(softplus(x)))(tf.tensor1d(points))
      .data();
    points.forEach((x, i) => {
      const expected = x > 30 ? x : Math.log1p(Math.exp(x));
      expect(Math.abs(values[i]! - expected)).toBeLessThanOrEqual(2e-7 * expected + 1e-44);
      const sigmoid = 1 / (1 + Math.exp(-x));
      expect(Math.abs(gradient[i]! - sigmoid)).toBeLessThanOrEqual(2e-7 * sigmoid + 1e-44);
    });
  });
});

describe('second derivatives', () => {
  it.each([
    ['crossEntropy', crossEntropy],
    ['logOneMinusProbability', logOneMinusProbability],
  ] as const)('%s: a Hessian-vector product matches finite differences of the gradient', async (_, loss) => {
    const z = matrix([0.3, -1.1, 0.7]);
    const direction = matrix([0.2, 0.5, -1]);
    const gradient = tf.grad((v) => tf.sum(loss(v, int32(1))));
    const product = await tf
      .grad((v) => tf.sum(tf.mul(gradient(v), direction)))(z)
      .data();
    const step = (by: number) => gradient(tf.add(z, tf.mul(direction, by)));
    const expected = await tf.div(tf.sub(step(0.01), step(-0.01)), 0.02).data();
    expected.forEach((value, k) => expect(Math.abs(product[k]! - value)).toBeLessThan(1e-3));
  });
});
