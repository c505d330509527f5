import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { cw, fromTanhSpace, tanhSlope, toTanhSpace } from '../src/cw.js';
import { ead } from '../src/ead.js';
import { handicapped, missingLead } from '../src/shared/margin.js';
import { firstWeights, isReview, nextWeights, weightsOfSearch } from '../src/shared/constant-search.js';
import { fixture, largestDifference, recorded, smoothNet, tensorOf } from './smooth-net.js';
import type { Nested, SmoothWeights } from './smooth-net.js';

interface Run {
  readonly confidence: number;
  readonly x: Nested;
  readonly y: Nested;
  readonly points: Readonly<Record<string, Nested>>;
  /** Steps that each example took, per weight. */
  readonly ended: readonly (readonly number[])[];
}

interface Methods {
  readonly weights: SmoothWeights;
  readonly searches: number;
  readonly steps: number;
  readonly first_weight: number;
  readonly cw_rate: number;
  readonly ead_rate: number;
  readonly beta: number;
  readonly cw: readonly (Run & { readonly closest: Nested })[];
  readonly ead: readonly (Run & { readonly closest_l1: Nested; readonly closest_l2: Nested; readonly best: Nested })[];
}

const found = fixture<Methods>('penalty-methods.json');
const { searches, steps, weights } = found;
const search = { searches, steps, initialWeight: found.first_weight };
const free = { norm: 'l2', epsilon: Infinity } as const;

/** Steps of each example, over all weights. */
function stepsOf(ended: Run['ended']): number[] {
  return ended[0]!.map((_, example) => ended.reduce((sum, perWeight) => sum + perWeight[example]!, 0));
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(found.cw)('PyTorch fixture: C&W with confidence $confidence', ({ confidence, x, y, ...wanted }) => {
  const attack = cw({ ...search, confidence, learningRate: found.cw_rate });
  const labels = tensorOf(y, 'int32');

  it('visits the same points', async () => {
    const { model, inputs } = recorded(smoothNet(weights));
    await attack.maximize(model, tensorOf(x), labels, free);
    for (const [step, point] of Object.entries(wanted.points))
      expect(largestDifference(inputs[Number(step)]!, point), `step ${step}`).toBeLessThan(1e-5);
  });

  it('finds the same distances, and ends each example when the reference does', async () => {
    const result = await attack.run(smoothNet(weights), tensorOf(x), labels, free);
    expect(largestDifference(result.closest, wanted.closest)).toBeLessThan(1e-5);
    expect([...result.queries]).toEqual(stepsOf(wanted.ended));
  });
});

describe.each(found.ead)('PyTorch fixture: EAD with confidence $confidence', ({ confidence, x, y, ...wanted }) => {
  const options = { ...search, confidence, learningRate: found.ead_rate, beta: found.beta };
  const labels = tensorOf(y, 'int32');

  it('visits the same points', async () => {
    const { model, inputs } = recorded(smoothNet(weights));
    await ead(options).maximize(model, tensorOf(x), labels, { norm: 'l1', epsilon: Infinity });
    // Two passes per step: the gradient ahead, then the point.
    for (const [step, point] of Object.entries(wanted.points))
      expect(largestDifference(inputs[2 * Number(step) + 1]!, point), `step ${step}`).toBeLessThan(1e-5);
  });

  it.each([
    ['l1', wanted.closest_l1],
    ['l2', wanted.closest_l2],
  ] as const)(
    'finds the same distances in %s, and ends each example when the reference does',
    async (norm, closest) => {
      const result = await ead(options).run(smoothNet(weights), tensorOf(x), labels, { norm, epsilon: Infinity });
      expect(largestDifference(result.closest, closest)).toBeLessThan(1e-4);
      expect([...result.queries]).toEqual(stepsOf(wanted.ended).map((taken) => 2 * taken));
    },
  );

  it('keeps the same points by the elastic-net rule', async () => {
    const attack = ead({ ...options, rule: 'en' });
    const result = await attack.run(smoothNet(weights), tensorOf(x), labels, { norm: 'l1', epsilon: Infinity });
    expect(largestDifference(await result.adversarial.data(), wanted.best)).toBeLessThan(1e-5);
  });
});

describe('the search for a weight', () => {
  it('goes up by tens, then bisects, row by row', async () => {
    // Rows that need 0.05, 20 and more than there is.
    const needed = tf.tensor1d([0.05, 20, 1e8]);
    let weightsNow = firstWeights(3, 0.01);
    const tried: number[][] = [];
    for (let i = 0; i < 7; i++) {
      tried.push(Array.from(await weightsNow.weight.data()));
      weightsNow = nextWeights(weightsNow, tf.greaterEqual(weightsNow.weight, needed));
    }
    const perRow = [0, 1, 2].map((row) => tried.map((weight) => Number(weight[row]!.toPrecision(4))));
    expect(largestDifference(perRow[0]!, [0.01, 0.1, 0.055, 0.0325, 0.04375, 0.049375, 0.0521875])).toBeLessThan(1e-5);
    expect(perRow[1]).toEqual([0.01, 0.1, 1, 10, 100, 55, 32.5]);
    expect(perRow[2]).toEqual([0.01, 0.1, 1, 10, 100, 1000, 10000]);
  });

  it('reviews every tenth of the steps, also of few', () => {
    const reviewed = (steps: number) => Array.from({ length: steps }, (_, i) => i).filter((i) => isReview(i, steps));
    expect(reviewed(1000)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(reviewed(3)).toEqual([0, 1, 2]);
  });
});

describe('the lead', () => {
  const logits = tf.tensor2d([
    [-5, -3, -9],
    [-5, -3, -9],
  ]);
  const y = tf.tensor1d([1, 0], 'int32');

  it('is right when all logits are negative', async () => {
    expect([...(await missingLead({ y }, logits, 0).data())]).toEqual([2, 0]);
    expect([...(await missingLead({ y }, logits, 3).data())]).toEqual([5, 1]);
    expect([...(await missingLead({ y, target: tf.tensor1d([2, 1], 'int32') }, logits, 0.5).data())]).toEqual([6.5, 0]);
  });

  it('counts as a success from the confidence on', async () => {
    const predicted = (aim: { y: tf.Tensor; target?: tf.Tensor }, confidence: number) =>
      Array.from(tf.argMax(handicapped(aim, logits, confidence), 1).dataSync());
    expect(predicted({ y }, 1.9)).toEqual([1, 1]);
    expect(predicted({ y }, 2.1)).toEqual([1, 0]);
    const target = tf.tensor1d([1, 1], 'int32');
    expect(predicted({ y, target }, 1.9)).toEqual([1, 1]);
    expect(predicted({ y, target }, 2.1)).toEqual([0, 0]);
  });
});

describe('tanh space', () => {
  it('comes back, and has a slope at the bounds', async () => {
    const x = tf.tensor1d([-1, -0.5, 0, 2.9, 3]);
    const w = toTanhSpace(x, [-1, 3]);
    expect(largestDifference(await fromTanhSpace(w, [-1, 3]).data(), [-1, -0.5, 0, 2.9, 3])).toBeLessThan(5e-6);
    const slopes = Array.from(await tanhSlope(w).data());
    slopes.forEach((slope, i) => expect(slope / ((1 - Math.tanh(w.dataSync()[i]!) ** 2) / 2)).toBeCloseTo(1, 4));
    expect(Math.min(...slopes)).toBeGreaterThan(5e-7);
  });

  it('lets black and white values move', async () => {
    // Only changes of the values at the bounds can fool this model.
    const model = linearClassifier({
      weights: [
        [0, 1],
        [0, -1],
      ],
      bias: [0.5, 1],
    });
    const x = tf.tensor2d([[0, 1]]);
    const { closest } = await cw({ steps: 400, searches: 6, learningRate: 0.1, initialWeight: 1 }).run(
      model,
      x,
      tf.tensor1d([0], 'int32'),
      free,
    );
    // The boundary is x0 - x1 + 0.5 = 0.
    expect(closest[0]! / (0.5 / Math.SQRT2)).toBeCloseTo(1, 2);
  });
});

it('means the same in other units of the bounds', async () => {
  const slopes = [0.5, -2, 1, 0.25, -1.5, 0.75];
  const inUnits = linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [0.3, 0] });
  const inBytes = linearClassifier({
    weights: slopes.map((slope) => [0, slope / 256]),
    bias: [0.3, 0],
    bounds: [0, 256],
  });
  const x = tf.tensor2d([[0.5, 0.4, 0.5, 0.6, 0.5, 0.5]]);
  const y = tf.tensor1d([0], 'int32');
  for (const attack of [cw({ steps: 50 }), ead({ steps: 50 })]) {
    const one = await attack.run(inUnits, x, y, free);
    const other = await attack.run(inBytes, tf.mul(x, 256), y, free);
    expect(one.closest[0]).toBeLessThan(Infinity);
    expect(other.closest[0]! / 256).toBeCloseTo(one.closest[0]!, 5);
  }
});

it('the last of ten searches takes the smallest weight that was enough, of nine the middle', () => {
  const tried = (searches: number, enough: number): number[] => {
    let weights = firstWeights(1, 1e-3);
    return Array.from({ length: searches }, (_, search) => {
      const { weight, ...ends } = weightsOfSearch(weights, search, searches);
      const value = weight.dataSync()[0]!;
      weights = nextWeights({ weight, ...ends }, tf.tensor1d([value >= enough], 'bool'));
      return value;
    });
  };
  const middle = [0.001, 0.01, 0.1, 1, 0.55, 0.325, 0.4375, 0.38125, 0.353125];
  const close = (found: number[], wanted: number[]) =>
    wanted.forEach((weight, i) => expect(found[i]! / weight).toBeCloseTo(1, 5));
  close(tried(9, 0.37), middle);
  close(tried(10, 0.37), [...middle, 0.38125]);
  close(tried(10, Infinity).slice(-2), [1e5, 1e10]);
});
