import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { takesFewest } from '../test/support/few-values.js';
import {
  fixture,
  largestDifference,
  recorded,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from '../test/support/smooth-net.js';
import { bestPair, jsma } from './jsma.js';

interface Jsma {
  readonly weights: SmoothWeights;
  readonly steps: number;
  readonly runs: readonly {
    readonly theta: number;
    readonly x: Nested;
    readonly y: Nested;
    readonly targets: Nested;
    readonly points: Readonly<Record<string, Nested>>;
  }[];
}

const anywhere = { norm: 'l0', epsilon: Infinity } as const;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(jsma, {
  rows: [{ attack: jsma({ share: 1 }) }, { attack: jsma({ change: -0.5, targets: 2, share: 0.5 }) }],
  eot: (eot) => jsma({ share: 1, eot }),
});

describe('PyTorch fixtures', () => {
  const pairs = fixture<Jsma>('jsma.json');
  it.each(pairs.runs)('JSMA changes the same pairs by $theta', async ({ theta, x, y, targets, points }) => {
    const { model, inputs } = recorded(smoothNet(pairs.weights));
    const attack = jsma({ change: theta, share: (2 * pairs.steps) / 72 });
    const last = await attack.maximize(model, tensorOf(x), tensorOf(y, 'int32'), anywhere, {
      targets: tensorOf(targets, 'int32'),
    });
    // One pass for the clean logits, then two at each point.
    const visited = inputs.slice(1).filter((_, i) => i % 2 === 0);
    expect(visited.length).toBe(pairs.steps);
    for (const [step, wanted] of Object.entries(points))
      expect(largestDifference(visited[Number(step)] ?? (await last.data()), wanted), `step ${step}`).toBeLessThan(
        1e-6,
      );
  });
});

takesFewest(jsma({ share: 1 }), [2, 2, 4]);

describe('the most salient pair', () => {
  const slope = fc.integer({ min: -6, max: 6 });
  const size = 7;
  const row = fc.tuple(
    fc.array(slope, { minLength: size, maxLength: size }),
    fc.array(slope, { minLength: size, maxLength: size }),
    fc.array(fc.integer({ min: 0, max: 1 }), { minLength: size, maxLength: size }),
  );

  it('is that of a search over all pairs', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 3 }), (rows) => {
        const [target, others, open] = [0, 1, 2].map((part) => tf.tensor2d(rows.map((each) => each[part]!)));
        const { places, isFound } = bestPair({ target: target!, others: others!, open: open! });
        const chosen = places.arraySync() as number[][];
        rows.forEach(([alphas, betas, isOpen], i) => {
          let best = 0;
          const scoreOf = (p: number, q: number): number => {
            const [alpha, beta] = [alphas[p]! + alphas[q]!, betas[p]! + betas[q]!];
            return isOpen[p]! && isOpen[q]! && alpha > 0 && beta < 0 ? -alpha * beta : 0;
          };
          for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) best = Math.max(best, scoreOf(p, q));
          const pair = chosen[i]!.flatMap((is, place) => (is ? [place] : []));
          expect(Boolean(isFound.dataSync()[i])).toBe(best > 0);
          expect(pair.length).toBe(best > 0 ? 2 : 0);
          if (best > 0) expect(scoreOf(pair[0]!, pair[1]!)).toBe(best);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('is the same when the table is made in parts', () => {
    const values = (seed: number) => tf.randomUniform([3, 50], -1, 1, 'float32', seed);
    const saliency = { target: values(1), others: values(2), open: tf.ones([3, 50]) };
    const wanted = [...bestPair(saliency).places.dataSync()];
    for (const scoresAtOnce of [1, 500, 3 * 50 * 7, 3 * 50 * 49])
      expect([...bestPair(saliency, { scoresAtOnce }).places.dataSync()]).toEqual(wanted);
  });

  it('is the same among the most promising values of a large input', () => {
    for (let seed = 0; seed < 20; seed++) {
      const values = (draw: number) => tf.randomNormal([2, 600], 0, 1, 'float32', 3 * seed + draw);
      const open = tf.cast(tf.greater(values(3), -1), 'float32');
      const saliency = { target: values(1), others: values(2), open };
      const wanted = bestPair(saliency);
      const found = bestPair(saliency, { candidates: 60 });
      expect([...found.places.dataSync()]).toEqual([...wanted.places.dataSync()]);
      expect([...found.isFound.dataSync()]).toEqual([1, 1]);
    }
  });
});

describe('JSMA', () => {
  const model = linearClassifier({
    weights: [
      [-2, 3, -2],
      [-2, 1, 1],
      [-2, -2, 3],
    ],
    bias: [2, 0, 0.5],
  });
  const x = tf.zeros([1, 3]);
  const y = tf.tensor1d([0], 'int32');

  it('goes towards the likeliest other class, or several of them, and any wrong class counts', async () => {
    const towards = async (targets: number) =>
      (await jsma({ targets, share: 1 }).run(model, x, y, anywhere)).prediction[0];
    expect(await towards(1)).toBe(2);
    expect([1, 2]).toContain(await towards(2));
    const aimed = await jsma({ share: 1 }).run(model, x, y, anywhere, { targets: tf.tensor1d([1], 'int32') });
    expect([...aimed.prediction]).toEqual([1]);
  });

  it('ends where no pair helps, without further queries', async () => {
    // Lowering cannot move values that stand at their lower bound.
    const result = await jsma({ change: -1, share: 1 }).run(model, x, y, anywhere);
    expect([...result.success]).toEqual([0]);
    // Two passes at the example, and the judgement of the last point.
    expect([...result.queries]).toEqual([3]);
  });

  it('refuses a change of 0', () => {
    expect(() => jsma({ change: 0 })).toThrow(/change/);
  });
});
