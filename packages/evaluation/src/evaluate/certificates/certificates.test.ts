import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { memoryStorage } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ascent, nearest, noise, step } from '../../../test/support/attacks.js';
import { exactRadii, exactVerdicts, vote } from '../../../test/support/certifiers.js';
import { planeModel } from '../../../test/support/plane-model.js';
import { pointsAtGaps } from '../../../test/support/points-dataset.js';
import { compareModels } from '../../compare.js';
import { parseExamples } from '../../record/example.js';
import { certificates } from './certificates.js';
import { evaluate } from '../evaluate.js';
import { mergeShards } from '../merge.js';
import type { EvaluateOptions } from '../options.js';
import { evaluateElsewhere, evaluateShard, openBatches } from '../shard.js';

/** How far each example is from the boundary in Linf; below 0 it is wrong. */
const gaps = [0.02, 0.09, 0.11, 0.3, -0.05, 0.15, 0.04];
const linf = (epsilon: number | readonly number[]) => ({ norm: 'linf' as const, epsilon });

let model: ReturnType<typeof planeModel>;
let before: number;
beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => {
  before = tf.memory().numTensors;
  model = planeModel();
});
afterEach(() => {
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

const measured = (options: Omit<EvaluateOptions, 'model' | 'data'>) =>
  evaluate({ model, data: pointsAtGaps(gaps), batchSize: 3, ...options });

describe('both bounds', () => {
  it('meet where certifier and attack are exact, and certified examples are not attacked', async () => {
    const { result, examples } = await measured({
      attacks: [{ attack: step(), ...linf([0.1, 0.2]) }],
      certifiers: certificates([{ certifier: exactRadii(), ...linf([0.1, 0.2]) }]),
    });
    expect(result.bounds).toHaveLength(1);
    expect(
      result.bounds![0]!.points.map(({ epsilon, certified, attacked, open }) => [
        epsilon,
        certified.count,
        attacked.count,
        open,
      ]),
    ).toEqual([
      [0.1, 3, 3, 0],
      [0.2, 1, 1, 0],
    ]);
    // Six are right: of 0.1 three were certified, of 0.2 one. The clean error is attacked as ever.
    expect(result.attacks[0]!.points.map(({ attacked, certified }) => [attacked, certified])).toEqual([
      [4, 3],
      [6, 1],
    ]);
    expect(result.attacks[0]!.points.map(({ robust }) => robust.count)).toEqual([3, 1]);
    expect(result.certificates![0]).toMatchObject({
      label: 'exact-radii',
      certifier: 'exact-radii',
      options: { claim: 1 },
      statement: { kind: 'deterministic', of: 'model' },
      meanPasses: 1,
      points: [
        { epsilon: 0.1, certified: { count: 3, total: 7 }, falsified: 1, open: 3 },
        { epsilon: 0.2, certified: { count: 1 }, falsified: 1, open: 5 },
      ],
    });
    // What an honest reader gets: the radii add up to the average, errors counting nothing.
    expect(result.certificates![0]!.radii!.average).toBeCloseTo((0.02 + 0.09 + 0.11 + 0.3 + 0.15 + 0.04) / 7, 6);
    expect(result.certificates![0]!.radii!.curve[0]).toEqual([0, 6 / 7]);
    expect(result.certificates![0]!.points[0]).not.toHaveProperty('atLeast');
    expect(examples[0]!.certificates).toEqual([
      expect.objectContaining({ certifier: 'exact-radii', epsilon: 0.1, verdict: 'falsified', falsifiedBy: 'step' }),
      expect.objectContaining({ epsilon: 0.2, verdict: 'falsified', falsifiedBy: 'step' }),
    ]);
    expect(examples[3]!.certificates).toEqual([
      expect.objectContaining({ epsilon: 0.1, verdict: 'certified', falsifiedBy: null, prediction: 1 }),
      expect.objectContaining({ epsilon: 0.2, verdict: 'certified', radius: expect.closeTo(0.3, 6) }),
    ]);
    expect(examples[4]!.certificates![0]).toMatchObject({ verdict: 'falsified', falsifiedBy: 'clean', prediction: 0 });
    expect(examples[3]!.attacks.map(({ success, certified }) => [success, certified])).toEqual([
      [false, true],
      [false, true],
    ]);
    // The second is certified at 0.1 alone, and fooled at 0.2: at 0.1 it withstands, also in a comparison.
    expect(examples[2]!.attacks.map(({ success, certified }) => [success, certified])).toEqual([
      [false, true],
      [true, undefined],
    ]);
    const judged = { result, examples };
    expect(compareModels(judged, judged).comparisons.map(({ kind, first }) => [kind, first.count])).toEqual([
      ['clean', 6],
      ['attack', 3],
      ['attack', 1],
      ['worst', 3],
      ['worst', 1],
    ]);
  });

  it('leave what a weak attack and no certificate reach open', async () => {
    const { result, examples } = await measured({
      attacks: [{ attack: noise(), ...linf(0.1) }],
      certifiers: certificates([{ certifier: exactRadii({ claim: 0.5 }), label: 'loose', ...linf(0.1) }]),
    });
    const [{ certified, attacked, open } = { certified: undefined, attacked: undefined, open: 0 }] =
      result.bounds![0]!.points;
    expect(certified!.count).toBe(1);
    expect(open).toBe(attacked!.count - 1);
    expect(open).toBeGreaterThan(0);
    expect(examples[2]!.certificates![0]).toMatchObject({ certifier: 'loose', verdict: 'open', falsifiedBy: null });
    // With one epsilon the certifier is asked for that alone.
    expect(result.certificates![0]).not.toHaveProperty('radii');
  });

  it('count a point that a certifier found, and only where the model agrees', async () => {
    const honest = await measured({
      attacks: [],
      certifiers: certificates([{ certifier: exactVerdicts(), ...linf([0.1, 0.2]) }]),
    });
    expect(honest.result.bounds![0]!.points.map(({ attacked, open }) => [attacked.count, open])).toEqual([
      [3, 0],
      [1, 0],
    ]);
    expect(honest.examples[0]!.certificates![0]).toMatchObject({ falsifiedBy: 'exact-verdicts' });
    expect(honest.examples[0]!.certificates![0]).not.toHaveProperty('radius');
    const lying = await measured({
      attacks: [],
      certifiers: certificates([{ certifier: exactVerdicts({ lie: true }), ...linf(0.1) }]),
    });
    expect(lying.result.bounds![0]!.points[0]).toMatchObject({
      certified: { count: 3 },
      attacked: { count: 6 },
      open: 3,
    });
  });

  it('an attack for a minimal norm is never spared: it measures distances', async () => {
    const { result } = await measured({
      attacks: [{ attack: nearest(), ...linf([0.1, Infinity]) }],
      certifiers: certificates([{ certifier: exactRadii(), ...linf([0.1, Infinity]) }]),
    });
    expect(result.attacks[0]!.minimal!.examples).toBe(6);
    expect(result.attacks[0]!.points[0]).not.toHaveProperty('certified');
    expect(result.certificates![0]!.points).toHaveLength(1);
  });

  it('certificates of another norm spare nothing', async () => {
    const { result } = await measured({
      attacks: [{ attack: step(), ...linf(0.01) }],
      certifiers: certificates([{ certifier: exactRadii(), norm: 'l2', epsilon: 0.1 }]),
    });
    expect(result.attacks[0]!.points[0]!.attacked).toBe(7);
  });
});

describe('a broken certificate stops the run', () => {
  it('by a larger ball, and names both', async () => {
    const run = measured({
      attacks: [{ attack: nearest(), label: 'my-attack', ...linf(0.3) }],
      certifiers: certificates([
        { certifier: exactRadii({ claim: 1.1 }), label: 'my-certifier', ...linf([0.01, 0.02]) },
      ]),
    });
    await expect(run).rejects.toMatchObject({ code: 'ADVROB_CERTIFICATE_BROKEN' });
    await expect(run).rejects.toThrow(/'my-attack'.*example 1000.*'my-certifier'/);
  });

  it('in the norm of the certificate, whatever that of the attack is', async () => {
    await expect(
      measured({
        attacks: [{ attack: nearest(), norm: 'l2', epsilon: 1 }],
        certifiers: certificates([{ certifier: exactRadii({ claim: 1.1 }), ...linf([0.1, Infinity]) }]),
      }),
    ).rejects.toMatchObject({ code: 'ADVROB_CERTIFICATE_BROKEN' });
  });

  it('but not at the rim, where rounding decides and the certificate leaves it out', async () => {
    const { result } = await measured({
      attacks: [{ attack: nearest({ overshoot: 1e-6 }), ...linf(0.5) }],
      certifiers: certificates([{ certifier: exactRadii({ claim: 1 + 1e-5 }), ...linf([0.1, Infinity]) }]),
    });
    expect(result.robust.count).toBe(0);
  });

  it('where one certifier falsifies what another certifies', async () => {
    await expect(
      measured({
        attacks: [],
        certifiers: certificates([
          { certifier: exactRadii({ claim: 1.5 }), ...linf([0.1, 0.2]) },
          { certifier: exactVerdicts(), ...linf(0.1) },
        ]),
      }),
    ).rejects.toThrow(/'exact-verdicts' falsified example 1001.*'exact-radii' certified it/);
  });
});

describe('probabilistic certificates of a smoothed classifier', () => {
  it('stand beside, with what is known of the data set, and spare no attack of the model', async () => {
    const { result, examples } = await measured({
      attacks: [{ attack: step(), ...linf(0.04) }],
      certifiers: certificates([{ certifier: vote({ alpha: 0.1 }), ...linf([0.04, Infinity]) }]),
    });
    expect(result.attacks[0]!.points[0]!.attacked).toBe(7);
    expect(result).not.toHaveProperty('bounds');
    // The 0.999 quantile of Bin(7, 0.1) is 4.
    expect(result.certificates![0]!.points[0]).toMatchObject({
      certified: { count: 4, total: 7 },
      atLeast: 0,
      falsified: 1,
      open: 2,
    });
    expect(result.certificates![0]!.statement).toMatchObject({ kind: 'probabilistic', alpha: 0.1, of: 'smoothed' });
    // The base model's fooled examples are no business of the smoothed one.
    expect(examples[0]!.certificates![0]).toMatchObject({ verdict: 'open', falsifiedBy: null });
    expect(examples[4]!.certificates![0]).toMatchObject({ verdict: 'falsified', falsifiedBy: 'vote', prediction: 0 });
    const sure = await measured({
      attacks: [],
      certifiers: certificates([{ certifier: vote(), ...linf([0.04, Infinity]) }]),
    });
    // Of Bin(7, 0.001) it is 1.
    expect(sure.result.certificates![0]!.points[0]!.atLeast).toBeCloseTo(3 / 7, 12);
  });
});

describe('shards and sessions', () => {
  const options = (): EvaluateOptions => ({
    model,
    data: pointsAtGaps(gaps),
    batchSize: 2,
    seed: 2,
    attacks: [
      { attack: ascent({ steps: 2 }), ...linf([0.05, 0.1]) },
      { attack: nearest(), ...linf(0.2) },
    ],
    certifiers: certificates([
      { certifier: exactVerdicts(), ...linf([0.05, 0.1]) },
      { certifier: vote(), ...linf([0.04, Infinity]) },
    ]),
  });
  const journal = ({ files }: ReturnType<typeof memoryStorage>): string =>
    new TextDecoder()
      .decode(files.get('evaluation.jsonl'))
      .replaceAll(/"seconds":[^,]+,/g, '')
      .replaceAll(/,"sha256":"[0-9a-f]{64}"\}/g, '}');

  it('carry certificates like attacks: the bits of a single run', async () => {
    const single = memoryStorage();
    const whole = await evaluate({ ...options(), storage: single });
    const shards = [0, 1].map((index) => ({ name: String(index), storage: memoryStorage(), index }));
    for (const { storage, index } of shards) await evaluateShard({ ...options(), storage }, { index, count: 2 });
    const merged = memoryStorage();
    await mergeShards(shards, merged);
    expect(journal(merged)).toBe(journal(single));
    const again = await evaluate({ ...options(), storage: merged });
    expect(again.result).toEqual(whole.result);
    expect(parseExamples(new TextDecoder().decode(merged.files.get('examples.jsonl')))).toEqual(whole.examples);
    const hands = await evaluateElsewhere(options(), {
      count: 2,
      async open(fingerprint) {
        const batches = await openBatches(options(), fingerprint);
        return async (_, task, report) => {
          await batches.compute(task.place, task.done(), report, task.signal);
          if (task.place === 3) batches.close();
        };
      },
    });
    expect(hands.result).toEqual(whole.result);
  });

  it('go on after a stop, with the same bits, and tell of the certifier at work', async () => {
    const single = memoryStorage();
    await evaluate({ ...options(), storage: single });
    const storage = memoryStorage();
    const phases = new Set<string>();
    for (let stop = 2; stop < 40; stop += 3) {
      const controller = new AbortController();
      let told = 0;
      const run = evaluate({
        ...options(),
        storage,
        signal: controller.signal,
        onProgress: ({ phase, certifier }) => {
          phases.add(`${phase} ${certifier?.label ?? ''}`);
          if (++told === stop) controller.abort();
        },
      });
      if (
        await run.then(
          () => true,
          () => false,
        )
      )
        break;
    }
    expect(journal(storage)).toBe(journal(single));
    expect([...phases]).toEqual(expect.arrayContaining(['certificate exact-verdicts', 'certificate vote', 'clean ']));
  });

  it('of other certifiers are refused', async () => {
    const storage = memoryStorage();
    await evaluate({ ...options(), storage });
    await expect(
      evaluate({
        ...options(),
        certifiers: certificates([{ certifier: vote({ alpha: 0.5 }), ...linf(0.04) }]),
        storage,
      }),
    ).rejects.toMatchObject({ code: 'ADVROB_EVALUATION_MISMATCH' });
  });
});

describe('refusals before any work', () => {
  it.each([
    [{ certifier: vote(), norm: 'l2', epsilon: 0.1 } as const, 'ADVROB_NORM'],
    [{ certifier: exactVerdicts(), norm: 'linf', epsilon: Infinity } as const, 'ADVROB_OPTION'],
    [{ certifier: vote(), label: 'step', ...linf(0.1) }, 'ADVROB_OPTION'],
  ])('%#', async (entry, code) => {
    await expect(
      measured({ attacks: [{ attack: step(), ...linf(0.1) }], certifiers: certificates([entry]) }),
    ).rejects.toMatchObject({
      code,
    });
  });
});
