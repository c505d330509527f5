import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkAcceptance, createRecord, describeData, evaluate, proportionOf, type RunRecord } from '../src/index.js';
import { ascent } from './support/attacks.js';
import { pointsDataset } from './support/points-dataset.js';

const classes = 10;
const data = pointsDataset(
  Array.from({ length: 500 }, (_, i) => [i / 500, 0.5]),
  Array.from({ length: 500 }, (_, i) => i % classes),
  { numClasses: classes },
);

let measured: RunRecord['models'][number];

beforeAll(async () => {
  await tf.setBackend('cpu');
  const constant: Classifier = {
    inputShape: [2],
    numClasses: classes,
    bounds: [0, 1],
    weights: {},
    logits: (x) => tf.tidy(() => tf.tile(tf.oneHot(tf.tensor1d([3], 'int32'), classes), [x.shape[0]!, 1])),
  };
  const { result } = await evaluate({
    model: constant,
    data,
    attacks: [{ attack: ascent({ steps: 40 }), label: 'pgd', norm: 'linf', epsilon: 0.2 }],
    samples: 0,
  });
  measured = result;
});

/** A record of two models with these numbers of right and of robust examples among 500. */
function recordOf(
  standard: [number, number],
  robust: [number, number],
  change: Partial<typeof measured> = {},
): RunRecord {
  const model = (name: string, [clean, withstood]: [number, number]): typeof measured => {
    const share = (count: number) => {
      const { interval, ...rest } = proportionOf(count, 500);
      return { ...rest, interval: [...interval] as [number, number] };
    };
    const [attack] = measured.attacks;
    const points = [{ ...attack!.points[0]!, robust: share(withstood) }];
    return { ...measured, name, clean: share(clean), robust: share(withstood), attacks: [{ ...attack!, points }] };
  };
  return createRecord({
    title: 't',
    command: null,
    config: null,
    environment: { backend: 'cpu', runtime: '', platform: '', versions: {} },
    seeds: {},
    data: describeData(data),
    models: [model('standard', standard), { ...model('pgd-at', robust), ...change }],
    timing: null,
  });
}

describe('acceptance', () => {
  it('passes at the bounds', () => {
    expect(checkAcceptance(recordOf([485, 49], [450, 300]))).toEqual({ passed: true, problems: [] });
  });

  it.each<[string, [number, number], [number, number], RegExp]>([
    ['an inaccurate standard model', [484, 0], [450, 300], /clean accuracy of 'standard' is 96.8%/],
    ['a standard model that withstands', [485, 50], [450, 300], /robust accuracy of 'standard'.* 10.0%/],
    ['an inaccurate robust model', [485, 0], [449, 300], /clean accuracy of 'pgd-at' is 89.8%/],
    ['clean accuracy alone', [485, 0], [500, 0], /robust accuracy of 'pgd-at'.* 0.0%/],
  ])('fails %s', (_, standard, robust, words) => {
    const { passed, problems } = checkAcceptance(recordOf(standard, robust));
    expect(passed).toBe(false);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(words);
  });

  it('fails a constant classifier, which withstands every attack on the tenth of the examples it gets right', () => {
    expect([measured.clean.count, measured.robust.count]).toEqual([50, 50]);
    const asRobust = recordOf([485, 0], [50, 50]);
    expect(checkAcceptance(asRobust).problems).toHaveLength(2);
    const asBoth = recordOf([50, 50], [50, 50]);
    expect(checkAcceptance(asBoth).problems).toHaveLength(4);
  });

  it('fails weaker protocols', () => {
    const good = recordOf([485, 49], [450, 300]);
    expect(checkAcceptance(good, {}, { minExamples: 501 }).problems).toHaveLength(2);
    expect(checkAcceptance(good, {}, { minSteps: 41 }).problems).toHaveLength(2);
    expect(checkAcceptance(good, {}, { minEpsilon: 0.3 }).problems).toHaveLength(2);
    expect(checkAcceptance(good, { robust: 'trades' }).problems).toEqual([
      "expected a model 'trades', found 'standard', 'pgd-at'",
    ]);
    expect(checkAcceptance(good, { attack: 'square' }).problems).toHaveLength(2);
    expect(checkAcceptance(good, { epsilon: 0.2 }).passed).toBe(true);
    expect(checkAcceptance(good, { epsilon: 0.1 }).problems).toEqual([
      "model 'standard' was not attacked by 'pgd' at epsilon 0.1",
      "model 'pgd-at' was not attacked by 'pgd' at epsilon 0.1",
    ]);
    const [attack] = good.models[1]!.attacks;
    const easier = { ...attack!, points: [{ ...attack!.points[0]!, epsilon: 0.1 }] };
    const unequal = createRecord({ ...good, models: [good.models[0]!, { ...good.models[1]!, attacks: [easier] }] });
    expect(checkAcceptance(unequal).problems[0]).toMatch(/cannot be compared/);
    const larger = recordOf([485, 49], [450, 300], { architecture: { name: 'big', options: {}, parameters: 1 } });
    expect(checkAcceptance(larger).problems[0]).toMatch(/architecture/);
  });

  it('takes other bounds', () => {
    const record = recordOf([470, 30], [400, 200]);
    const bounds = { standard: { clean: 0.94 }, robust: { clean: 0.8, robust: 0.4 } };
    expect(checkAcceptance(record, {}, bounds).passed).toBe(true);
  });
});
