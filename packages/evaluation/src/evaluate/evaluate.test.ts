import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { AdvrobError, memoryStorage, type Classifier } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { crossEntropyLoss } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { decodeFloats } from '../record/model-result.js';
import { evaluate } from './evaluate.js';
import type { EvaluationProgress } from '../progress.js';
import { parseExamples } from '../record/example.js';
import { ascent, borrowed, noise, step } from '../../test/support/attacks.js';
import { planeModel } from '../../test/support/plane-model.js';
import { pointsAtGaps, pointsDataset } from '../../test/support/points-dataset.js';

const gaps = [0.02, 0.09, 0.11, 0.3, -0.05, 0.15, 0.04];
const linf = (epsilon: number | readonly number[]) => ({ norm: 'linf' as const, epsilon });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

let model: Classifier & { dispose(): void };
let before: number;
beforeEach(() => {
  before = tf.memory().numTensors;
  model = planeModel();
});
afterEach(() => {
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

describe('numbers on a model whose optimum is known', () => {
  it('keeps what an attack says of its own number', async () => {
    const evaluated = async (caveat: () => string | undefined) => {
      const attack = step();
      const data = pointsAtGaps(gaps);
      const { result } = await evaluate({
        model,
        data,
        attacks: [{ attack: { ...attack, definition: { ...attack.definition, caveat } }, ...linf(0.1) }],
      });
      return result.attacks[0]!;
    };
    expect(await evaluated(() => 'is an upper bound')).toMatchObject({ caveat: 'is an upper bound' });
    expect(await evaluated(() => undefined)).not.toHaveProperty('caveat');
  });

  it('gives clean and robust accuracy, curves and the per-example record', async () => {
    const { result, examples } = await evaluate({
      model,
      data: pointsAtGaps(gaps),
      attacks: [{ attack: step(), ...linf([0.2, 0.1]) }],
      batchSize: 3,
    });
    expect(result.clean).toMatchObject({ count: 6, total: 7, rate: 6 / 7 });
    const [attack] = result.attacks;
    expect(attack!.points.map(({ epsilon, robust }) => [epsilon, robust.count])).toEqual([
      [0.1, 3],
      [0.2, 1],
    ]);
    expect(result.worstCase).toHaveLength(1);
    expect(result.worstCase[0]!.points.map(({ robust }) => robust.count)).toEqual([3, 1]);
    expect(result.robust.count).toBe(1);
    expect(examples.map(({ index }) => index)).toEqual(gaps.map((_, i) => 1000 + i));
    expect(examples.map(({ robust }) => robust)).toEqual([false, false, false, true, false, false, false]);
    expect(examples.map(({ fooledBy }) => fooledBy)).toEqual(['step', 'step', 'step', null, 'clean', 'step', 'step']);
    expect(examples[4]).toMatchObject({
      cleanCorrect: false,
      cleanPrediction: 0,
      success: true,
      distance: 0,
      queries: 0,
    });
    expect(examples[0]!.distance).toBeCloseTo(0.1, 6);
    expect(examples[2]!.distance).toBeCloseTo(0.2, 6);
    expect(examples[3]).toMatchObject({ success: false, distance: 0 });
    expect(examples[3]!.attacks).toHaveLength(2);
  });

  it('gives the worst case per example over attacks, and the credit to the first', async () => {
    const { result, examples } = await evaluate({
      model,
      data: pointsAtGaps(gaps),
      attacks: [
        { attack: noise(), label: 'weak', ...linf(0.1) },
        { attack: step(), ...linf(0.1) },
        { attack: ascent(), norm: 'l2', epsilon: 0.1 },
      ],
    });
    const weak = examples.filter(({ fooledBy }) => fooledBy === 'weak').length;
    expect(result.attacks[0]!.points[0]!.robust.count).toBe(6 - weak);
    expect(result.worstCase.map(({ norm }) => norm)).toEqual(['linf', 'l2']);
    expect(result.worstCase[0]!.points[0]!.robust.count).toBe(3);
    expect(result.worstCase[0]!.points[0]!.attacks).toEqual(['weak', 'step']);
    // The L2 distance to the boundary is sqrt(2) times the Linf distance.
    expect(result.worstCase[1]!.points[0]!.robust.count).toBe(4);
    expect(new Set(examples.map(({ fooledBy }) => fooledBy))).toContain('step');
  });

  it('counts a success at a smaller epsilon in the worst case of a larger one', async () => {
    const { result } = await evaluate({
      model,
      data: pointsAtGaps(gaps),
      attacks: [
        { attack: step(), ...linf(0.1) },
        { attack: noise(), ...linf([0, 0.12]) },
      ],
    });
    const at = new Map(result.worstCase[0]!.points.map(({ epsilon, robust }) => [epsilon, robust.count]));
    expect([...at.keys()]).toEqual([0, 0.1, 0.12]);
    expect(at.get(0)).toBe(6);
    expect(at.get(0.1)).toBe(3);
    expect(at.get(0.12)).toBeLessThanOrEqual(3);
  });

  it('saves work among survivors without changing the worst case', async () => {
    const attacks = [
      { attack: step(), ...linf([0.05, 0.1]) },
      { attack: ascent(), ...linf([0.1, 0.2]) },
    ];
    const all = await evaluate({ model, data: pointsAtGaps(gaps), attacks, batchSize: 4 });
    const few = await evaluate({ model, data: pointsAtGaps(gaps), attacks, batchSize: 4, attackOn: 'survivors' });
    expect(few.result.worstCase).toEqual(all.result.worstCase);
    expect(few.result.robust).toEqual(all.result.robust);
    const headline = ({ attacks: _, ...rest }: (typeof all.examples)[number]) => rest;
    expect(few.examples.map(headline)).toEqual(all.examples.map(headline));
    expect(all.result.attacks.flatMap(({ points }) => points.map(({ attacked }) => attacked))).toEqual([7, 7, 7, 7]);
    expect(few.result.attacks.flatMap(({ points }) => points.map(({ attacked }) => attacked))).toEqual([6, 4, 3, 3]);
  });

  it('does not depend on the batch size', async () => {
    const attacks = [{ attack: ascent(), ...linf([0.05, 0.1]), restarts: 2 }];
    const [one, ...others] = await Promise.all(
      [1, 3, 7].map((batchSize) => evaluate({ model, data: pointsAtGaps(gaps), attacks, batchSize })),
    );
    for (const other of others) {
      expect(other.examples).toEqual(one!.examples);
      expect({ ...other.result, batchSize: 1 }).toEqual(one!.result);
    }
  });

  it('takes options that are undefined as left out', async () => {
    const attack = { attack: step(), ...linf([0.05, 0.1]) };
    const plain = await evaluate({ model, data: pointsAtGaps(gaps), attacks: [attack] });
    const { result, examples } = await evaluate({
      model,
      data: pointsAtGaps(gaps),
      attacks: [{ ...attack, label: undefined, restarts: undefined, loss: undefined }],
      name: undefined,
      batchSize: undefined,
      seed: undefined,
      attackOn: undefined,
      samples: undefined,
      saveAdversarial: undefined,
      storage: undefined,
      modelHash: undefined,
      signal: undefined,
      onProgress: undefined,
    });
    expect(JSON.stringify([result, examples])).toBe(JSON.stringify([plain.result, plain.examples]));
  });

  it('measures clean accuracy alone when no attack is given', async () => {
    const { result, examples } = await evaluate({ model, data: pointsAtGaps(gaps), attacks: [] });
    expect(result.robust).toEqual(result.clean);
    expect(examples.map(({ robust }) => robust)).toEqual(gaps.map((gap) => gap > 0));
  });

  it('takes a constant classifier for what it is', async () => {
    const constant: Classifier = {
      inputShape: [2],
      numClasses: 2,
      bounds: [0, 1],
      weights: {},
      logits: (x) => tf.tidy(() => tf.tile(tf.tensor2d([[0, 1]]), [x.shape[0]!, 1])),
    };
    const data = pointsDataset(
      gaps.map((gap) => [0.5 + gap, 0.5]),
      [1, 0, 0, 0, 1, 0, 0],
    );
    const { result } = await evaluate({ model: constant, data, attacks: [{ attack: step(), ...linf(0.1) }] });
    expect([result.clean.count, result.robust.count]).toEqual([2, 2]);
    expect(result.modelHash).toBeNull();
  });
});

describe('samples for the report', () => {
  it('keeps the first examples with what each attack made of them', async () => {
    const { result } = await evaluate({
      model,
      data: pointsAtGaps(gaps),
      attacks: [{ attack: step(), ...linf([0.05, 0.1]) }],
      samples: 4,
      batchSize: 3,
    });
    expect(result.samples.map(({ index }) => index)).toEqual([1000, 1001, 1002, 1003]);
    const [first] = result.samples;
    expect(decodeFloats(first!.clean.image)).toEqual(Float32Array.of(0.52, 0.52));
    expect(first!.attacked).toHaveLength(1);
    expect(first!.attacked[0]).toMatchObject({ attack: 'step', epsilon: 0.1, success: true, prediction: 0 });
    // Softmax of two logits that differ by 4 * gap.
    expect(first!.clean.confidence).toBeCloseTo(1 / (1 + Math.exp(-4 * 0.02)), 5);
    const withstood = result.samples[3]!.attacked[0]!;
    expect(withstood).toMatchObject({ success: false, prediction: 1 });
    expect([...decodeFloats(withstood.image)].every((value) => Math.abs(value - 0.7) < 1e-6)).toBe(true);
  });
});

it('an ensemble has no last point, and is not run once more to find that out', async () => {
  let times = 0;
  const ensemble = defineAttack({
    name: 'ensemble',
    summary: 'One member.',
    knowledge: 'gradients',
    norms: ['linf'],
    budget: 'fixed',
    loss: null,
    options: z.strictObject({}),
    members: () => [{ attack: step(), restarts: 1 }],
    async perturb(scope) {
      times++;
      await scope.attack(step());
    },
  });
  const { result } = await evaluate({
    model,
    data: pointsAtGaps(gaps),
    attacks: [{ attack: ensemble(), ...linf(0.1) }],
    samples: 4,
    batchSize: 7,
  });
  expect(times).toBe(1);
  const withstood = result.samples[3]!;
  expect(withstood.attacked[0]!.success).toBe(false);
  expect(withstood.attacked[0]!.image).toBe(withstood.clean.image);
});

describe('progress', () => {
  it('rises to the end and knows the running robust accuracy', async () => {
    const seen: EvaluationProgress[] = [];
    await evaluate({
      model,
      data: pointsAtGaps(gaps),
      attacks: [{ attack: ascent(), ...linf([0.1, 0.2]) }],
      batchSize: 2,
      onProgress: (progress) => seen.push(progress),
    });
    const fractions = seen.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(seen.at(-1)).toMatchObject({
      fraction: 1,
      done: 7,
      total: 7,
      secondsLeft: 0,
      robust: { count: 1, total: 7 },
    });
    expect(seen.at(-1)!.rate).toBeGreaterThan(0);
    expect(seen.some(({ attack, steps }) => attack?.epsilon === 0.2 && steps === 5)).toBe(true);
    expect(seen.find(({ done }) => done === 2)!.robust).toEqual({ count: 0, total: 2 });
  });
});

describe('refusals before any work', () => {
  const refuse = async (change: object, code: string, words: RegExp): Promise<void> => {
    const data = pointsAtGaps(gaps);
    const promise = evaluate({ model, data, attacks: [{ attack: step(), ...linf(0.1) }], ...change });
    await expect(promise).rejects.toThrow(words);
    await expect(promise).rejects.toMatchObject({ code });
    expect(data.calls).toBe(0);
  };
  it.each([
    ['batch size', { batchSize: 0 }, 'ADVROB_OPTION', /batchSize/],
    ['seed', { seed: -1 }, 'ADVROB_OPTION', /seed/],
    ['scope', { attackOn: 'some' }, 'ADVROB_OPTION', /attackOn/],
    ['no epsilon', { attacks: [{ attack: step(), ...linf([]) }] }, 'ADVROB_OPTION', /epsilon of attack 'step'/],
    ['infinite epsilon', { attacks: [{ attack: step(), ...linf(Infinity) }] }, 'ADVROB_OPTION', /finite/],
    ['norm', { attacks: [{ attack: step(), norm: 'l1', epsilon: 1 }] }, 'ADVROB_NORM', /linf, l2, not for l1/],
    ['restarts', { attacks: [{ attack: ascent(), ...linf(1), restarts: 0 }] }, 'ADVROB_OPTION', /restarts/],
    [
      'loss',
      { attacks: [{ attack: borrowed({ surrogate: planeModel() }), ...linf(1), loss: crossEntropyLoss }] },
      'ADVROB_OPTION',
      /'borrowed' takes no loss/,
    ],
    [
      'two of a name',
      {
        attacks: [
          { attack: step(), ...linf(0.1) },
          { attack: step(), ...linf(0.2) },
        ],
      },
      'ADVROB_OPTION',
      /'step'.*label/,
    ],
    ['shape', { data: pointsDataset([[0, 0, 0]], [0]) }, 'ADVROB_SHAPE', /\[2\].*\[3\]/],
    ['bounds', { data: pointsDataset([[0, 0]], [0], { bounds: [0, 255] }) }, 'ADVROB_BOUNDS', /255/],
  ])('%s', async (_, change, code, words) => refuse(change, code, words));

  it('a label that the model does not know', async () => {
    const promise = evaluate({ model, data: pointsDataset([[0, 0]], [7]), attacks: [] });
    await expect(promise).rejects.toMatchObject({ code: 'ADVROB_LABEL' });
  });

  it('weights that are not numbers', async () => {
    const weight = model.weights['weight']!;
    tf.tidy(() => weight.assign(tf.fill(weight.shape, NaN)));
    const promise = evaluate({ model, data: pointsAtGaps(gaps), attacks: [] });
    await expect(promise).rejects.toMatchObject({ code: 'ADVROB_NOT_FINITE' });
  });
});

describe('abort', () => {
  it('stops between and inside attacks without a leak, and goes on from there', async () => {
    const storage = memoryStorage();
    const make = (signal?: AbortSignal, onProgress?: () => void) =>
      evaluate({
        model,
        data: pointsAtGaps(gaps),
        attacks: [{ attack: ascent(), ...linf([0.1, 0.2]) }],
        batchSize: 2,
        storage,
        signal,
        onProgress,
      });
    let calls = 0;
    const controller = new AbortController();
    const stopped = make(controller.signal, () => ++calls === 9 && controller.abort());
    await expect(stopped).rejects.toBeInstanceOf(AdvrobError);
    await expect(stopped).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
    expect(storage.files.has('examples.jsonl')).toBe(false);
    const { examples } = await make();
    expect(parseExamples(new TextDecoder().decode(storage.files.get('examples.jsonl')))).toEqual(examples);
  });
});

describe('a model that breaks off the clean points', () => {
  it('is fooled there for every label, also within the examples that are kept, and the record says so', async () => {
    const broken: Classifier = {
      ...model,
      logits: (x) =>
        tf.tidy(() => {
          // The points at the gaps have two equal values; the last of steps to another has not.
          const isClean = tf.equal(tf.slice(x, [0, 0], [-1, 1]), tf.slice(x, [0, 1], [-1, 1]));
          const logits = model.logits(x);
          return tf.where(tf.broadcastTo(isClean, logits.shape), logits, tf.fill(logits.shape, NaN));
        }),
    };
    const data = pointsDataset(
      [
        [0.25, 0.25],
        [0.75, 0.75],
      ],
      [0, 1],
    );
    const { result, examples } = await evaluate({
      model: broken,
      data,
      attacks: [{ attack: noise(), ...linf(0.1) }],
      saveAdversarial: true,
      storage: memoryStorage(),
    });
    expect(result.robust.count).toBe(0);
    expect(result.attacks[0]!.points[0]!.notFinite).toEqual({ points: 2, gradients: 0 });
    expect(result.samples.map(({ attacked }) => attacked[0]!.prediction)).toEqual([-1, -1]);
    expect(parseExamples(examples.map((each) => JSON.stringify(each)).join('\n'))[0]!.attacks[0]!.prediction).toBe(-1);
  });
});
