import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareModels, type JudgedModel } from './compare.js';
import { evaluate } from './evaluate/evaluate.js';
import { mcNemar } from './statistics/mcnemar.js';
import { ascent, nearest, step } from '../test/support/attacks.js';
import { shiftedPlane } from '../test/support/plane-model.js';
import { pointsAtGaps, pointsDataset } from '../test/support/points-dataset.js';

/** The two models that most tests compare; the boundary of the second lies 0.05 nearer. */
let whole: JudgedModel;
let nearer: JudgedModel;
beforeAll(async () => {
  await tf.setBackend('cpu');
  whole = await judge(0);
  nearer = await judge(0.05);
});

/** Where the intervals are not looked at. */
const quick = { resamples: 200 };

const gaps = [0.02, 0.04, 0.06, 0.08, 0.103, 0.12, 0.14, 0.16, 0.3, 0.32];

async function judge(shift: number, change: Partial<Parameters<typeof evaluate>[0]> = {}): Promise<JudgedModel> {
  const model = shiftedPlane(shift);
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
  it('compares the same examples under every shared measure, as counted by hand', () => {
    // The margins of the second are the gaps less 0.05.
    const { comparisons, skipped, first, second } = compareModels(whole, nearer);
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

  it('is the same the other way round, with the sign turned', () => {
    const turned = compareModels(nearer, whole, quick).comparisons;
    compareModels(whole, nearer, quick).comparisons.forEach(({ difference, test }, i) => {
      expect(turned[i]!.difference.difference).toBeCloseTo(-difference.difference, 12);
      expect(turned[i]!.test.pValue).toBe(test.pValue);
    });
  });

  it('gives the same worst case for survivors', async () => {
    const worst = (first: JudgedModel, second: JudgedModel) =>
      compareModels(first, second, quick).comparisons.filter(({ kind }) => kind === 'worst');
    const attackOn = 'survivors';
    expect(worst(await judge(0, { attackOn }), await judge(0.05, { attackOn }))).toEqual(worst(whole, nearer));
  });

  it('leaves out what the two did not both face, and says so', async () => {
    const other = await judge(0.05, {
      attacks: [
        { attack: step(), norm: 'linf', epsilon: [0.05, 0.07] },
        { attack: nearest({ overshoot: 0.1 }), norm: 'linf', epsilon: 0.2 },
        { attack: ascent(), norm: 'linf', epsilon: 0.1 },
      ],
    });
    const { comparisons, skipped } = compareModels(whole, other, quick);
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
    expect(() => compareModels(whole, fewer)).toThrow(/place 9/);
    expect(() => compareModels(whole, relabelled)).toThrow(/place 3/);
    const less = { ...whole, examples: [...whole.examples].slice(0, 7) };
    expect(() => compareModels(whole, less)).toThrow(/place 7/);
    expect(() => compareModels(less, whole)).toThrow(/place 7/);
  });

  it('goes through the examples once, so that they may come out of a file, which is closed also when they differ', () => {
    const opened: string[] = [];
    const read = ({ result, examples }: JudgedModel, take = Infinity): JudgedModel => ({
      result,
      examples: {
        *[Symbol.iterator]() {
          opened.push('opened');
          try {
            yield* [...examples].slice(0, take);
          } finally {
            opened.push('closed');
          }
        },
      },
    });
    expect(compareModels(read(whole), read(nearer), quick)).toEqual(compareModels(whole, nearer, quick));
    expect(opened).toEqual(['opened', 'opened', 'closed', 'closed']);
    expect(() => compareModels(read(whole, 3), read(nearer), quick)).toThrow(/place 3/);
    expect(opened.filter((each) => each === 'closed')).toHaveLength(4);
  });
});
