import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { memoryStorage, type Attack } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ascent, nearest, noise, step } from '../../test/support/attacks.js';
import { exactRadii, exactVerdicts } from '../../test/support/certifiers.js';
import { planeModel } from '../../test/support/plane-model.js';
import { pointsAtGaps } from '../../test/support/points-dataset.js';
import { certificates } from './certificates/certificates.js';
import { evaluate } from './evaluate.js';
import type { EvaluateOptions, EvaluationAttack } from './options.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const gaps = [0.02, 0.09, 0.11, 0.3, -0.05, 0.15, 0.04];

/** Tells of each call how many rows it was given. */
function watched(attack: Attack, calls: [label: string, rows: number][], label = attack.name): Attack {
  return {
    ...attack,
    run: (model, x, ...others) => {
      calls.push([label, x.shape[0]!]);
      return attack.run(model, x, ...others);
    },
  };
}

type Storage = ReturnType<typeof memoryStorage>;

/** The evaluation, and which attacks were called: a letter each. */
async function run(letters: string, storage?: Storage, changes: Partial<EvaluateOptions> = {}, broken = Infinity) {
  const calls: [label: string, rows: number][] = [];
  const entries: Record<string, Omit<EvaluationAttack, 'label'>> = {
    a: { attack: ascent({ steps: 2 }), norm: 'linf', epsilon: 0.1 },
    A: { attack: ascent({ steps: 2 }), norm: 'linf', epsilon: [0.05, 0.1, 0.2] },
    b: { attack: step(), norm: 'linf', epsilon: 0.1 },
    c: { attack: noise(), norm: 'linf', epsilon: 0.1 },
    d: { attack: nearest(), norm: 'linf', epsilon: [0.1, Infinity] },
  };
  const model = planeModel();
  try {
    const attacks = [...letters].map((letter) => {
      const entry = entries[letter]!;
      return { ...entry, label: letter.toLowerCase(), attack: watched(entry.attack, calls, letter.toLowerCase()) };
    });
    const options = { model, data: pointsAtGaps(gaps), attacks, batchSize: 3, samples: 4, storage, ...changes };
    const controller = new AbortController();
    let steps = 0;
    const { result, examples } = await evaluate({
      ...options,
      signal: controller.signal,
      onProgress: () => (steps++ >= broken ? controller.abort() : undefined),
    });
    return { found: { result, examples }, calls: calls.map(([label]) => label).join('') };
  } finally {
    model.dispose();
  }
}

describe('a finished evaluation', () => {
  it.each([
    ['gets one more at the end', 'ab', 'abc', 'ccc'],
    ['gets one more in between', 'ab', 'acb', 'ccc'],
    ['gets one more before', 'ab', 'cab', 'ccc'],
    ['gets one with distances', 'a', 'ad', 'ddd'],
    ['had none', '', 'ab', 'ababab'],
    ['gets radii on both sides', 'ab', 'Ab', 'aaaaaa'],
  ])('%s: computes that alone, and ends as one that had it from the start', async (_, before, after, computed) => {
    const storage = memoryStorage();
    await run(before, storage);
    const { found, calls } = await run(after, storage);
    expect(calls).toBe(computed);
    const whole = memoryStorage();
    expect(found).toEqual((await run(after, whole)).found);
    expect(storage.files.get('examples.jsonl')).toEqual(whole.files.get('examples.jsonl'));
    expect((await run(after, storage)).calls).toBe('');
  });

  it('refuses one less, another order, and other options', async () => {
    const storage = memoryStorage();
    await run('ab', storage);
    const kept = [...storage.files];
    for (const after of ['a', 'ba', 'cb', 'b'])
      await expect(run(after, storage)).rejects.toMatchObject({ code: 'ADVROB_EVALUATION_MISMATCH' });
    await expect(run('abc', storage, { seed: 1 })).rejects.toThrow(/seed was 0, is 1/);
    expect([...storage.files]).toEqual(kept);
  });

  it.each([
    ['survivors', { attackOn: 'survivors' }],
    ['saved examples, whose files are named by place', { saveAdversarial: true }],
  ] as const)('with %s keeps the first runs alone', async (_, changes) => {
    const first = memoryStorage();
    await run('ab', first, changes);
    for (const [after, computed] of [
      ['abc', ['c']],
      ['acb', ['b', 'c']],
    ] as const) {
      const storage = memoryStorage(first.files);
      const { found, calls } = await run(after, storage, changes);
      expect([...new Set(calls)].sort()).toEqual(computed);
      expect(found).toEqual((await run(after, memoryStorage(), changes)).found);
    }
  });

  // At 0.1 certificates spare a row of each of the first two batches.
  const smallVerdicts = { certifier: exactVerdicts(), norm: 'linf', epsilon: 0.01 } as const;
  it.each([
    ['that spares rows: their batches', [{ certifier: exactRadii(), norm: 'linf', epsilon: [0.1, 0.2] }], 'abab'],
    ['that spares none: nothing', [smallVerdicts], ''],
    ['in another norm: all', [{ certifier: exactRadii(), norm: 'l2', epsilon: 0.1 }], 'ababab'],
  ] as const)('gets a certifier %s is attacked again, and it ends as from the start', async (_, entries, computed) => {
    for (const changes of [{}, { attackOn: 'survivors' }] as const) {
      const storage = memoryStorage();
      await run('ab', storage, changes);
      const certified = { ...changes, certifiers: certificates(entries) };
      const { found, calls } = await run('ab', storage, certified);
      if (changes.attackOn === undefined) expect(calls).toBe(computed);
      expect(found).toEqual((await run('ab', memoryStorage(), certified)).found);
      expect((await run('ab', storage, certified)).calls).toBe('');
      const both = { ...changes, certifiers: certificates([{ ...smallVerdicts, label: 'first' }, ...entries]) };
      const more = await run('ab', storage, both);
      expect(more.found).toEqual((await run('ab', memoryStorage(), both)).found);
      await expect(run('ab', storage, certified)).rejects.toMatchObject({ code: 'ADVROB_EVALUATION_MISMATCH' });
    }
  });

  it('is contradicted by a certifier that comes later and claims too much', async () => {
    const storage = memoryStorage();
    await run('d', storage);
    const lies = certificates([{ certifier: exactRadii({ claim: 1.1 }), norm: 'linf', epsilon: [0.05, 0.06] }]);
    await expect(run('d', storage, { certifiers: lies })).rejects.toMatchObject({ code: 'ADVROB_CERTIFICATE_BROKEN' });
  });

  it('that was stopped on its way, and again, ends the same', async () => {
    const whole = (await run('acb', memoryStorage())).found;
    for (const [first, second] of [
      [2, 1],
      [5, 3],
      [8, 6],
    ] as const) {
      const storage = memoryStorage();
      await expect(run('ab', storage, {}, first)).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
      await expect(run('acb', storage, {}, second)).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
      expect((await run('acb', storage)).found).toEqual(whole);
    }
  });
});
