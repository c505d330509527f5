import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { memoryStorage, type RunStorage } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ascent, nearest, noise, step } from '../../test/support/attacks.js';
import { planeModel } from '../../test/support/plane-model.js';
import { pointsAtGaps } from '../../test/support/points-dataset.js';
import { evaluate } from './evaluate.js';
import { mergeShards } from './merge.js';
import type { EvaluateOptions } from './options.js';
import { evaluateElsewhere, evaluateShard, openBatches, placesOf, type Share } from './shard.js';

const gaps = [0.02, 0.09, 0.11, 0.3, -0.05, 0.15, 0.04, 0.01, 0.25, 0.08, -0.02];
const entries = {
  ascent: { attack: ascent({ steps: 2 }), norm: 'linf', epsilon: [0.05, 0.1], restarts: 2 },
  step: { attack: step(), norm: 'l2', epsilon: 0.1 },
  noise: { attack: noise(), norm: 'linf', epsilon: 0.12 },
  nearest: { attack: nearest(), norm: 'linf', epsilon: [0.1, Infinity] },
} as const;

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

const plans = fc
  .record({
    take: fc.integer({ min: 1, max: gaps.length }),
    batchSize: fc.integer({ min: 1, max: 5 }),
    attacks: fc.subarray(Object.keys(entries) as (keyof typeof entries)[]),
    attackOn: fc.constantFrom('all' as const, 'survivors' as const),
    samples: fc.integer({ min: 0, max: 8 }),
    saveAdversarial: fc.boolean(),
    seed: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ take, attacks, ...plan }) => ({
    ...plan,
    take,
    attacks: attacks.map((name) => entries[name]),
  }));
type Plan = typeof plans extends fc.Arbitrary<infer T> ? T : never;

const optionsOf = ({ take, ...plan }: Plan): EvaluateOptions => ({
  model,
  data: pointsAtGaps(gaps.slice(0, take)),
  ...plan,
});

/** Files of a storage, times and the hashes over them aside. */
function filesOf({ files }: { readonly files: ReadonlyMap<string, Uint8Array> }): Record<string, string> {
  const text = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);
  const timeless = (all: string): string =>
    all.replaceAll(/"seconds":[^,]+,/g, '').replaceAll(/,"sha256":"[0-9a-f]{64}"\}/g, '}');
  return Object.fromEntries([...files].sort().map(([name, bytes]) => [name, timeless(text(bytes))]));
}

const plain: Plan = {
  take: 11,
  batchSize: 3,
  attacks: [entries.ascent, entries.nearest],
  attackOn: 'all',
  samples: 4,
  saveAdversarial: true,
  seed: 0,
};

/** Four batches in shards. */
async function shardsOf(count: number, changes: Partial<EvaluateOptions> = {}) {
  const shards = Array.from({ length: count }, (_, index) => ({
    name: `shards/${index}`,
    storage: memoryStorage(),
    share: { index, count } as Share | undefined,
  }));
  for (const { storage, share } of shards) await evaluateShard({ ...optionsOf(plain), ...changes, storage }, share!);
  return shards;
}

describe('shards that are merged', () => {
  it('are the evaluation of a single run, byte for byte, however the batches are divided', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.array(fc.nat(3), { minLength: 11, maxLength: 11 }), async (plan, owners) => {
        const single = memoryStorage();
        const whole = await evaluate({ ...optionsOf(plan), storage: single });
        const batches = Math.ceil(plan.take / plan.batchSize);
        const shards = await Promise.all(
          [0, 1, 2, 3].map(async (owner) => {
            const storage = memoryStorage();
            const places = Array.from({ length: batches }, (_, place) => place).filter(
              (place) => owners[place] === owner,
            );
            await evaluateShard({ ...optionsOf(plan), storage }, places);
            return { name: String(owner), storage };
          }),
        );
        const merged = memoryStorage();
        await mergeShards(shards, merged);
        const calls: string[] = [];
        const found = await evaluate({
          ...optionsOf(plan),
          storage: merged,
          onProgress: ({ phase }) => calls.push(phase),
        });
        expect(calls).toEqual([]);
        expect(found.result).toEqual(whole.result);
        expect(found.examples).toEqual(whole.examples);
        expect(filesOf(merged)).toEqual(filesOf(single));
      }),
      { numRuns: 12 },
    );
  });

  it('go on where they were stopped, and tell of their own part alone', async () => {
    const storage = memoryStorage();
    const controller = new AbortController();
    const options = { ...optionsOf(plain), storage };
    const stopped = evaluateShard(
      { ...options, signal: controller.signal, onProgress: () => controller.abort() },
      { index: 1, count: 2 },
    );
    await expect(stopped).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
    const told: { done: number; total: number; fraction: number }[] = [];
    expect(
      await evaluateShard({ ...options, onProgress: (state) => told.push(state) }, { index: 1, count: 2 }),
    ).toEqual({
      batches: 2,
      total: 4,
    });
    // Batches 1 and 3 of 3, 3, 3, 2.
    expect(told.at(-1)).toMatchObject({ done: 5, total: 5, fraction: 1 });
    const others = memoryStorage();
    await evaluateShard({ ...optionsOf(plain), storage: others }, { index: 0, count: 2 });
    const merged = memoryStorage();
    await mergeShards(
      [
        { name: 'b', storage },
        { name: 'a', storage: others },
      ],
      merged,
    );
    const single = memoryStorage();
    await evaluate({ ...optionsOf(plain), storage: single });
    expect(filesOf(merged)['evaluation.jsonl']).toBe(filesOf(single)['evaluation.jsonl']);
  });

  it('are even parts of any order of classes', () => {
    expect([0, 1, 2].map((index) => placesOf({ index, count: 3 }, 8))).toEqual([
      [0, 3, 6],
      [1, 4, 7],
      [2, 5],
    ]);
    for (const [index, count] of [
      [3, 3],
      [-1, 3],
      [0, 0],
      [0.5, 2],
    ] as const)
      expect(() => placesOf({ index, count }, 8)).toThrow(`got ${index}/${count}`);
  });
});

describe('merging refuses', () => {
  it('missing, unfinished and doubled shards, each named', async () => {
    const [a, b, c] = await shardsOf(3);
    const empty = { name: 'shards/1', storage: memoryStorage(), share: b!.share };
    const merged = memoryStorage();
    await expect(mergeShards([a!, empty, c!], merged)).rejects.toThrow('shard 1/3 (shards/1) is missing');
    const half = memoryStorage(b!.storage.files);
    const lines = new TextDecoder().decode(half.files.get('evaluation.jsonl')).split('\n');
    half.files.set('evaluation.jsonl', new TextEncoder().encode(lines.slice(0, 3).join('\n')));
    await expect(mergeShards([a!, { ...b!, storage: half }, c!], merged)).rejects.toThrow(
      'shard 1/3 (shards/1) is unfinished, 1 of its 1 batches are missing: start it again',
    );
    await expect(mergeShards([a!, c!], merged)).rejects.toThrow('no shard has batch 1 of 4');
    await expect(mergeShards([a!, b!, c!, { ...b!, name: 'copy' }], merged)).rejects.toThrow(
      'batch 1 is in shards/1 and in copy, with the same result',
    );
    await expect(mergeShards([], merged)).rejects.toMatchObject({ code: 'ADVROB_SHARD' });
    expect(merged.files.size).toBe(0);
    // No length of the list says that a shard is one of another division.
    const [other] = await shardsOf(2);
    await expect(mergeShards([a!, b!, other!], merged)).rejects.toThrow('batch 0 is in shards/0 and in shards/0');
  });

  it('shards that two computations disagree on', async () => {
    const random = {
      ...step(),
      run: async (...given: Parameters<ReturnType<typeof step>['run']>) => {
        const result = await step().run(...given);
        return { ...result, queries: result.queries.map(() => Math.floor(1e6 * Math.random())) };
      },
    };
    const changes = { attacks: [{ attack: random, norm: 'linf' as const, epsilon: 0.1 }] };
    const [[one], [other]] = [await shardsOf(1, changes), await shardsOf(1, changes)];
    await expect(mergeShards([one!, { ...other!, name: 'again' }], memoryStorage())).rejects.toThrow(
      /with another result: .* not repeatable/,
    );
  });

  it.each<[string, Partial<EvaluateOptions>, RegExp]>([
    ['seed', { seed: 5 }, /shards\/1 is a shard of another evaluation than shards\/0: seed was 0, is 5/],
    ['data', { data: pointsAtGaps([...gaps.slice(0, 10), 0.5]) }, /data\.hash was "points-\d+", is "points-\d+"/],
    ['versions', { config: { versions: { x: '2' } } }, /config was not there, is \{"versions":\{"x":"2"\}\}/],
  ])('shards of another evaluation, with both values: %s', async (_, changes, message) => {
    const [a] = await shardsOf(2);
    const [, b] = await shardsOf(2, changes);
    const refused = mergeShards([a!, b!], memoryStorage());
    await expect(refused).rejects.toMatchObject({ code: 'ADVROB_EVALUATION_MISMATCH' });
    await expect(refused).rejects.toThrow(message);
  });

  it('a folder that holds another evaluation', async () => {
    const storage = memoryStorage();
    await evaluate({ ...optionsOf(plain), seed: 7, storage });
    const files = filesOf(storage);
    await expect(mergeShards(await shardsOf(2), storage)).rejects.toThrow(/holds another evaluation: seed was 7, is 0/);
    expect(filesOf(storage)).toEqual(files);
  });

  it('damage anywhere in a shard', async () => {
    const [a, b] = await shardsOf(2);
    const file = b!.storage.files.get('evaluation.jsonl')!;
    const merged = memoryStorage();
    for (let place = 5; place < file.length - 1; place += 97) {
      const damaged = file.slice();
      damaged[place]! ^= 1;
      const storage = memoryStorage([...b!.storage.files, ['evaluation.jsonl', damaged]]);
      await expect(mergeShards([a!, { ...b!, storage }], merged)).rejects.toThrow(/shard 1\/2 \(shards\/1\).* line/);
    }
    const [adversarial] = [...b!.storage.files.keys()].filter((name) => name.startsWith('adversarial/'));
    b!.storage.files.delete(adversarial!);
    await expect(mergeShards([a!, b!], merged)).rejects.toThrow(`shards/1: ${adversarial} is not there`);
    expect(merged.files.has('evaluation.jsonl')).toBe(false);
  });
});

it('a shard needs a storage, and a backend whose batches do not depend on each other', async () => {
  await expect(evaluateShard({ ...optionsOf(plain), saveAdversarial: false }, [0])).rejects.toThrow(
    'storage: a shard needs one',
  );
  const backend = tf.backend() as { options?: object };
  backend.options = { deterministic: false };
  try {
    await expect(evaluateShard({ ...optionsOf(plain), storage: memoryStorage() }, [0])).rejects.toThrow(
      'deterministic: true',
    );
  } finally {
    delete backend.options;
  }
});

describe('batches that are computed elsewhere', () => {
  /** As other processes do it, with what is told as text. */
  async function elsewhere(count: number, storage: RunStorage, plan: Plan, loseAt = Infinity) {
    const order: number[] = [];
    const options = { ...optionsOf(plan), storage };
    let told = 0;
    const evaluation = await evaluateElsewhere(options, {
      count,
      open: async (fingerprint) => {
        const opened = await openBatches(options, JSON.parse(JSON.stringify(fingerprint)));
        return async (_, { place, done, signal }, report) => {
          order.push(place);
          const keep: typeof report.keep = async (line) => {
            if (told++ === loseAt) throw new Error('lost');
            await report.keep(line);
          };
          await opened
            .compute(place, done(), { ...report, keep }, signal)
            .catch(() => opened.compute(place, done(), report, signal));
          opened.close();
        };
      },
    });
    return { evaluation, order };
  }

  it('give the evaluation of a single run, also when one was lost in the middle', async () => {
    const whole = await evaluate({ ...optionsOf(plain), storage: memoryStorage() });
    for (const loseAt of [Infinity, 2]) {
      const { evaluation, order } = await elsewhere(2, memoryStorage(), { ...plain, attackOn: 'all' }, loseAt);
      expect(evaluation.result).toEqual(whole.result);
      expect(evaluation.examples).toEqual(whole.examples);
      expect(order).toEqual([0, 1, 2, 3]);
    }
  });

  it('go on where a single run was stopped, and open nothing when all is done', async () => {
    const storage = memoryStorage();
    const controller = new AbortController();
    const stop = ({ done }: { done: number }): void => (done > 3 ? controller.abort() : undefined);
    const stopped = evaluate({ ...optionsOf(plain), storage, signal: controller.signal, onProgress: stop });
    await expect(stopped).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
    const { evaluation, order } = await elsewhere(3, storage, plain);
    expect(evaluation.result).toEqual((await evaluate({ ...optionsOf(plain), storage: memoryStorage() })).result);
    expect(order[0]).toBeGreaterThan(0);
    expect((await elsewhere(3, storage, plain)).order).toEqual([]);
  });

  it('the first error stops the others, and another evaluation is refused', async () => {
    const options = { ...optionsOf(plain), storage: memoryStorage() };
    const signals: AbortSignal[] = [];
    const failing = evaluateElsewhere(options, {
      count: 2,
      open:
        async () =>
        (hand, { signal }) => {
          signals.push(signal);
          if (hand === 0) return Promise.reject(new Error('no memory'));
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
        },
    });
    await expect(failing).rejects.toThrow('no memory');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    await expect(openBatches({ ...options, seed: 3 }, { format: 2, seed: 0 })).rejects.toMatchObject({
      code: 'ADVROB_EVALUATION_MISMATCH',
    });
  });
});
