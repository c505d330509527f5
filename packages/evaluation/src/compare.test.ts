import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { memoryStorage, type Classifier } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareModels, type JudgedModel } from './compare.js';
import { evaluate } from './evaluate/evaluate.js';
import { mcNemar } from './statistics/mcnemar.js';
import { transferMatrix } from './transfer.js';
import { ascent, nearest, step } from '../test/support/attacks.js';
import { pointsAtGaps, pointsDataset } from '../test/support/points-dataset.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Class 1 where `a x0 + b x1 > (a + b) (1/2 + shift)`. */
function plane(shift: number, [a, b]: readonly [number, number] = [1, 1]): Classifier & { dispose(): void } {
  const bias = (a + b) * (0.5 + shift);
  return linearClassifier({
    weights: [
      [-a, a],
      [-b, b],
    ],
    bias: [bias, -bias],
  });
}

const gaps = [0.02, 0.04, 0.06, 0.08, 0.103, 0.12, 0.14, 0.16, 0.3, 0.32];

async function judge(shift: number, change: Partial<Parameters<typeof evaluate>[0]> = {}): Promise<JudgedModel> {
  const model = plane(shift);
  const evaluation = await evaluate({
    model,
    name: `plane ${shift}`,
    data: pointsAtGaps(gaps),
    attacks: [
      { attack: step(), norm: 'linf', epsilon: [0.05, 0.113] },
      { attack: nearest(), norm: 'linf', epsilon: 0.2 },
    ],
    samples: 0,
    ...change,
  });
  model.dispose();
  return evaluation;
}

describe('compareModels', () => {
  it('compares the same examples under every shared measure, as counted by hand', async () => {
    // The boundary of the second lies 0.05 nearer: its margins are the gaps less 0.05.
    const { comparisons, skipped, first, second } = compareModels(await judge(0), await judge(0.05));
    expect([first, second, skipped]).toEqual(['plane 0', 'plane 0.05', []]);
    const counts = comparisons.map(({ kind, attack, epsilon, first: a, second: b, test }) => [
      [kind, attack, epsilon].filter((part) => part !== undefined).join(' '),
      a.count,
      b.count,
      test.onlyFirst,
      test.onlySecond,
    ]);
    expect(counts).toEqual([
      ['clean', 10, 8, 2, 0],
      ['attack step 0.05', 8, 6, 2, 0],
      ['attack step 0.113', 5, 2, 3, 0],
      ['attack nearest 0.2', 2, 2, 0, 0],
      ['worst 0.05', 8, 6, 2, 0],
      ['worst 0.113', 5, 2, 3, 0],
      ['worst 0.2', 2, 2, 0, 0],
    ]);
    const [clean] = comparisons;
    expect(clean!.difference.difference).toBeCloseTo(0.2, 12);
    expect(clean!.difference.interval[0]).toBeGreaterThanOrEqual(0);
    expect(clean!.test.pValue).toBe(0.5);
    expect(comparisons[3]!.difference).toEqual({ difference: 0, interval: [0, 0] });
    expect(comparisons[2]!.test).toEqual(mcNemar([1, 1, 1, 1, 1], [1, 1, 0, 0, 0]));
  });

  it('is the same the other way round, with the sign turned', async () => {
    const [a, b] = [await judge(0), await judge(0.05)];
    const turned = compareModels(b, a).comparisons;
    compareModels(a, b).comparisons.forEach(({ difference, test }, i) => {
      expect(turned[i]!.difference.difference).toBeCloseTo(-difference.difference, 12);
      expect(turned[i]!.test.pValue).toBe(test.pValue);
    });
  });

  it('gives the same worst case for survivors', async () => {
    const worst = async (attackOn: 'all' | 'survivors') =>
      compareModels(await judge(0, { attackOn }), await judge(0.05, { attackOn })).comparisons.filter(
        ({ kind }) => kind === 'worst',
      );
    expect(await worst('survivors')).toEqual(await worst('all'));
  });

  it('leaves out what the two did not both face, and says so', async () => {
    const other = await judge(0.05, {
      attacks: [
        { attack: step(), norm: 'linf', epsilon: [0.05, 0.07] },
        { attack: nearest({ overshoot: 0.1 }), norm: 'linf', epsilon: 0.2 },
        { attack: ascent(), norm: 'linf', epsilon: 0.1 },
      ],
    });
    const { comparisons, skipped } = compareModels(await judge(0), other);
    expect(comparisons.map(({ kind, epsilon }) => [kind, epsilon])).toEqual([
      ['clean', undefined],
      ['attack', 0.05],
    ]);
    expect(skipped.map((text) => text.replace(/plane /g, ''))).toEqual([
      "'step' at epsilon 0.113: only '0' was judged there",
      "'nearest': the two models were attacked with different settings",
      "'step' at epsilon 0.07: only '0.05' was judged there",
      "'ascent': only '0.05' was attacked with it",
    ]);
  });

  it('refuses other examples', async () => {
    const fewer = await judge(0, { data: pointsAtGaps(gaps.slice(1)) });
    const relabelled = await judge(0, {
      data: pointsDataset(
        gaps.map((gap) => [0.5 + gap, 0.5 + gap]),
        gaps.map((_, i) => (i === 3 ? 0 : 1)),
      ),
    });
    const whole = await judge(0);
    expect(() => compareModels(whole, fewer)).toThrow(/10 and 9/);
    expect(() => compareModels(whole, relabelled)).toThrow(/place 3/);
  });
});

describe('transferMatrix', () => {
  // `first` looks at the first input alone, `both` at both alike; steps of 0.1 on one move the
  // other by all or half of that.
  const make = () => ({ both: plane(0), first: plane(0, [1, 0]) });
  const data = pointsDataset(
    [0.04, 0.08, 0.12, 0.16, -0.02].map((gap) => [0.5 + gap, 0.5 + gap]),
    [1, 1, 1, 1, 1],
  );
  const free = (models: Readonly<Record<string, { dispose(): void }>>): void =>
    Object.values(models).forEach((model) => model.dispose());

  it('judges on each what was made on each', async () => {
    const before = tf.memory().numTensors;
    const models = make();
    const { models: names, cells } = await transferMatrix({
      models,
      data,
      attack: step(),
      norm: 'linf',
      epsilon: 0.1,
      batchSize: 2,
    });
    expect(names).toEqual(['both', 'first']);
    const counts = cells.map(({ source, target, robust, fooled }) => [source, target, robust.count, fooled.count]);
    expect(counts).toEqual([
      ['both', 'both', 2, 2],
      ['both', 'first', 2, 2],
      // Moving the first input alone by 0.1 moves the mean by 0.05.
      ['first', 'both', 3, 1],
      ['first', 'first', 2, 2],
    ]);
    for (const { robust, fooled } of cells) expect([robust.total, fooled.total]).toEqual([5, 4]);
    free(models);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes the points that a minimal-norm attack found', async () => {
    const models = make();
    const { cells } = await transferMatrix({ models, data, attack: nearest(), norm: 'linf', epsilon: 0.13 });
    // From `both` the points lie a thousandth past its boundary, and past that of `first`.
    expect(cells.map(({ fooled }) => fooled.count)).toEqual([3, 3, 0, 3]);
    free(models);
  });

  it('goes on where it stopped, with the same result', async () => {
    const models = make();
    const options = { models, data, attack: ascent(), norm: 'linf', epsilon: 0.1, batchSize: 2 } as const;
    const whole = memoryStorage();
    const expected = await transferMatrix({ ...options, storage: whole });
    const bytes = whole.files.get('transfer.jsonl')!;
    const header = bytes.indexOf(10) + 1;
    for (const share of [0, 0.4, 0.8, 1]) {
      const end = header + Math.floor(share * (bytes.length - header));
      const storage = memoryStorage([['transfer.jsonl', bytes.slice(0, end)]]);
      expect(await transferMatrix({ ...options, storage })).toEqual(expected);
      expect(storage.files.get('transfer.jsonl')).toEqual(bytes);
    }
    await expect(transferMatrix({ ...options, epsilon: 0.2, storage: whole })).rejects.toMatchObject({
      code: 'ADVROB_EVALUATION_MISMATCH',
    });
    free(models);
  });

  it('refuses what does not fit', async () => {
    const models = make();
    const options = { models, data, attack: step(), norm: 'linf', epsilon: 0.1 } as const;
    await expect(transferMatrix({ ...options, models: {} })).rejects.toThrow(/at least one/);
    await expect(transferMatrix({ ...options, norm: 'l1' })).rejects.toMatchObject({ code: 'ADVROB_NORM' });
    await expect(transferMatrix({ ...options, epsilon: Infinity })).rejects.toThrow(/finite/);
    free(models);
  });
});
