import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { memoryStorage, type Attack, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRecord, parseRecord, serializeRecord } from '../record/record.js';
import { describeData } from '../record/shared.js';
import { evaluate } from './evaluate.js';
import { exampleRecord } from '../record/example.js';
import { ascent, nearest, step } from '../../test/support/attacks.js';
import { planeModel } from '../../test/support/plane-model.js';
import { pointsAtGaps } from '../../test/support/points-dataset.js';

// The Linf distance of a point to the boundary is its gap; the fifth is a clean error.
const gaps = [0.02, 0.09, 0.11, 0.3, -0.05, 0.15, 0.04];
const past = 1.001;

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

/** `attack`, counting its calls. */
function counted(attack: Attack): Attack & { calls: number } {
  const wrapped = {
    ...attack,
    calls: 0,
    run: (...call: Parameters<Attack['run']>) => (wrapped.calls++, attack.run(...call)),
  };
  return wrapped;
}

describe('an attack that looks for a minimal norm', () => {
  it('is run once and judged at every epsilon of the list', async () => {
    const attack = counted(nearest());
    const { result, examples } = await evaluate({
      model,
      data: pointsAtGaps(gaps),
      attacks: [{ attack, norm: 'linf', epsilon: [0.1, 0.2, 0.05, Infinity] }],
      samples: 0,
    });
    expect(attack.calls).toBe(1);
    expect(result.attacks[0]!.points.map(({ epsilon, robust }) => [epsilon, robust.count])).toEqual([
      [0.05, 4],
      [0.1, 3],
      [0.2, 1],
    ]);
    expect(result.worstCase[0]!.points.map(({ robust }) => robust.count)).toEqual([4, 3, 1]);
    expect(result.robust.count).toBe(1);
    // One forward pass of the attack at the point that it offers and one for the gradient, counted
    // once.
    const queries = examples.map((example) => example.queries);
    expect(new Set(queries.filter((_, i) => i !== 4))).toEqual(new Set([2]));
    expect(examples[0]!.attacks.map(({ epsilon, success }) => [epsilon, success])).toEqual([
      [0.05, true],
      [0.1, true],
      [0.2, true],
    ]);
    expect(examples[2]!.attacks.map(({ success, prediction }) => [success, prediction])).toEqual([
      [false, 1],
      [false, 1],
      [true, 0],
    ]);
    for (const example of examples) expect(exampleRecord.parse(JSON.parse(JSON.stringify(example)))).toEqual(example);
  });

  it('gives statistics of the distances that are known in closed form', async () => {
    const { result, examples } = await evaluate({
      model,
      data: pointsAtGaps(gaps),
      attacks: [
        { attack: nearest(), norm: 'linf', epsilon: Infinity },
        { attack: nearest(), norm: 'l2', epsilon: 0.1, label: 'nearest-l2' },
      ],
      batchSize: 3,
    });
    const [linf, l2] = result.attacks;
    expect(linf!.points).toEqual([]);
    // What lies at any distance is not held against the model; the L2 radius of the second attack
    // is.
    expect(result.worstCase.map(({ norm }) => norm)).toEqual(['l2']);
    expect(result.robust.count).toBe(4);
    const distances = [0.02, 0.04, 0.09, 0.11, 0.15, 0.3].map((gap) => gap * past);
    const minimal = linf!.minimal!;
    expect(minimal).toMatchObject({ examples: 6, found: 6 });
    expect(minimal.median).toBeCloseTo(((0.09 + 0.11) / 2) * past, 5);
    expect(minimal.mean).toBeCloseTo((0.71 / 6) * past, 5);
    // Of six values the quartiles lie a quarter of the way past the second and before the fifth.
    expect(minimal.quantiles.find(({ share }) => share === 0.25)!.distance).toBeCloseTo((0.04 + 0.0125) * past, 5);
    expect(minimal.quantiles.find(({ share }) => share === 0.75)!.distance).toBeCloseTo((0.15 - 0.01) * past, 5);
    expect(minimal.curve.map(([, share]) => share)).toEqual([6, 5, 4, 3, 2, 1, 0].map((count) => count / 7));
    minimal.curve.slice(1).forEach(([distance], i) => expect(distance).toBeCloseTo(distances[i]!, 5));
    // Distances are known beyond the radius of the run; at 0.1 it still judges.
    expect(l2!.minimal!.median).toBeCloseTo(Math.SQRT2 * 0.1 * past, 5);
    expect(l2!.points.map(({ robust }) => robust.count)).toEqual([4]);
    expect(examples[3]!.minimal).toMatchObject([{ attack: 'nearest' }, { attack: 'nearest-l2' }]);
    expect(examples[3]!.minimal![1]!.distance).toBeCloseTo(Math.SQRT2 * 0.3 * past, 5);
  });

  it('says null where nothing was found', async () => {
    const blind: Attack = {
      ...nearest(),
      async run(...call) {
        const result = await nearest().run(...call);
        return { ...result, closest: result.closest.map((distance) => (distance > 0.1 ? Infinity : distance)) };
      },
    };
    const { result, examples } = await evaluate({
      model,
      data: pointsAtGaps(gaps),
      attacks: [{ attack: blind, norm: 'linf', epsilon: Infinity }],
    });
    expect(result.attacks[0]!.minimal).toMatchObject({ examples: 6, found: 3, median: null });
    expect(result.attacks[0]!.minimal!.curve.at(-1)![1]).toBeCloseTo(3 / 7);
    expect(examples[3]!.minimal![0]!.distance).toBeNull();
  });

  it('calls robust without a bound what no point was found for, in the result, its examples and on the way', async () => {
    const told: (readonly [number, number])[] = [];
    const evaluated = (epsilon: number | number[]) =>
      evaluate({
        model,
        data: pointsAtGaps(gaps),
        attacks: [{ attack: nearest(), norm: 'linf', epsilon }],
        onProgress: ({ robust }) => told.push([robust.count, robust.total]),
      });
    const { result, examples } = await evaluated(Infinity);
    // One is wrong as it is, the others are all fooled.
    expect([result.robust.count, result.robust.total, result.worstCase]).toEqual([0, 7, []]);
    expect(told.at(-1)).toEqual([0, 7]);
    expect(examples.filter(({ robust, success }) => robust || !success)).toEqual([]);
    expect(examples[3]).toMatchObject({ fooledBy: 'nearest', attacks: [] });
    expect(examples[3]!.distance).toBeCloseTo(0.3 * past, 5);
    // Where a radius is given, it alone decides.
    expect((await evaluated([0.1, Infinity])).result.robust.count).toBe(3);
  });

  it('thins the curve to its limit and keeps its ends', async () => {
    const many = Array.from({ length: 450 }, (_, i) => (i + 1) / 1000);
    const { result } = await evaluate({
      model,
      data: pointsAtGaps(many),
      attacks: [{ attack: nearest(), norm: 'linf', epsilon: Infinity }],
      samples: 0,
    });
    const { curve } = result.attacks[0]!.minimal!;
    expect(curve).toHaveLength(201);
    expect(curve[0]).toEqual([0, 1]);
    expect(curve.at(-1)![0]).toBeCloseTo(0.45 * past, 5);
    expect(curve.at(-1)![1]).toBe(0);
    for (const [distance, share] of curve.slice(1)) expect(share).toBeCloseTo(1 - distance / past / 0.45, 2);
  });

  it('has no statistics over survivors alone, and skips what was fooled at no larger epsilon', async () => {
    const { result } = await evaluate({
      model,
      data: pointsAtGaps(gaps),
      attacks: [
        { attack: step(), norm: 'linf', epsilon: 0.1 },
        { attack: nearest(), norm: 'linf', epsilon: [0.12, 0.2] },
        { attack: ascent(), norm: 'linf', epsilon: 0.15 },
      ],
      attackOn: 'survivors',
    });
    expect(result.attacks[1]!.minimal).toBeUndefined();
    expect(result.attacks.map(({ points }) => points.map(({ attacked }) => attacked))).toEqual([[6], [3, 3], [2]]);
    expect(result.worstCase[0]!.points.map(({ epsilon, robust }) => [epsilon, robust.count])).toEqual([
      [0.1, 3],
      [0.12, 2],
      [0.15, 1],
      [0.2, 1],
    ]);
  });

  it('is resumed from its journal, and refused with other epsilons', async () => {
    const storage = memoryStorage();
    const attack = counted(nearest());
    const make = (epsilon: number | number[]) =>
      evaluate({
        model,
        data: pointsAtGaps(gaps),
        attacks: [{ attack, norm: 'linf', epsilon }],
        batchSize: 3,
        storage,
      });
    const first = await make([0.1, Infinity]);
    expect(attack.calls).toBe(3);
    const second = await make([0.1, Infinity]);
    expect(attack.calls).toBe(3);
    expect(second.result).toEqual(first.result);
    expect(second.examples).toEqual(first.examples);
    await expect(make([0.2, Infinity])).rejects.toMatchObject({ code: 'ADVROB_EVALUATION_MISMATCH' });
    await expect(make(0.1)).rejects.toThrow(/Infinity/);
  });

  it('fits into a record', async () => {
    const data = pointsAtGaps(gaps);
    const { result, timing } = await evaluate({
      model,
      data,
      attacks: [{ attack: nearest(), norm: 'linf', epsilon: Infinity }],
      samples: 2,
    });
    expect(result.samples[0]!.attacked[0]).toMatchObject({ epsilon: null, success: true });
    expect(timing.attacks[0]!.epsilon).toBeNull();
    const record = createRecord({
      title: 'A plane',
      command: null,
      config: {},
      environment: { backend: 'cpu', runtime: 'node', platform: 'linux', versions: {} },
      seeds: {},
      data: describeData(data),
      models: [result],
      timing: { ...timing, attacks: [...timing.attacks] },
    });
    expect(parseRecord(serializeRecord(record))).toEqual(record);
  });
});
