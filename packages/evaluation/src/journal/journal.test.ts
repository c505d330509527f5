import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { memoryStorage, type MemoryStorage, type RunStorage } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate/evaluate.js';
import type { EvaluateOptions } from '../evaluate/options.js';
import { ascent, step } from '../../test/support/attacks.js';
import { planeModel } from '../../test/support/plane-model.js';
import { pointsAtGaps, pointsDataset } from '../../test/support/points-dataset.js';

const gaps = [0.02, 0.09, 0.11, 0.3, -0.05, 0.15, 0.04];
type Changes = Partial<EvaluateOptions>;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

async function run(storage: RunStorage | undefined, changes: Changes = {}) {
  const model = planeModel();
  try {
    return await evaluate({
      model,
      data: pointsAtGaps(gaps),
      attacks: [
        { attack: ascent({ steps: 2 }), norm: 'linf', epsilon: [0.1, 0.2] },
        { attack: step(), norm: 'l2', epsilon: 0.1 },
      ],
      batchSize: 3,
      samples: 4,
      storage,
      ...changes,
    });
  } finally {
    model.dispose();
  }
}

/**
 * Dies at operation `fatal` after `share` of its bytes: an append may be cut anywhere, a write
 * happens or not.
 */
function mortal(storage: MemoryStorage, fatal: number, share: number, hasAppend: boolean): RunStorage {
  let operations = 0;
  const killed = new Error('killed');
  const die = (): boolean => operations++ === fatal;
  return {
    read: (name) => storage.read(name),
    async write(name, bytes) {
      const isFatal = die();
      if (!isFatal || share === 1) await storage.write(name, bytes);
      if (isFatal) throw killed;
    },
    ...(hasAppend && {
      async append(name: string, bytes: Uint8Array) {
        const isFatal = die();
        await storage.append!(name, isFatal ? bytes.subarray(0, Math.floor(share * bytes.length)) : bytes);
        if (isFatal) throw killed;
      },
    }),
  };
}

/** What a storage holds before each operation of one whole run, and at its end. */
async function statesOf(hasAppend: boolean) {
  const storage = memoryStorage();
  const states: [string, Uint8Array][][] = [];
  const keep = (): number => states.push([...storage.files]);
  const recorder: RunStorage = {
    read: (name) => storage.read(name),
    write: (name, bytes) => (keep(), storage.write(name, bytes)),
    ...(hasAppend && { append: (name: string, bytes: Uint8Array) => (keep(), storage.append!(name, bytes)) }),
  };
  return { expected: await run(recorder), storage, states };
}

describe('resume', () => {
  it.each([true, false])(
    'gives the same bits after a kill at every storage operation (append: %s)',
    async (hasAppend) => {
      const { expected, storage: whole, states } = await statesOf(hasAppend);
      // Three batches with a clean pass and three runs each, the header, and examples.jsonl.
      expect(states).toHaveLength(3 * 4 + 2);
      for (const state of states)
        // A write happens or not, so that more shares of it are the same.
        for (const share of hasAppend ? [0, 0.4, 0.99, 1] : [0, 1]) {
          const storage = memoryStorage(state);
          // It goes on from before the operation and dies at it, as a session from the start would.
          await expect(run(mortal(storage, 0, share, hasAppend))).rejects.toThrow('killed');
          const { result, examples } = await run(storage);
          expect(result).toEqual(expected.result);
          expect(examples).toEqual(expected.examples);
          const [file, expectedFile] = [storage, whole].map(({ files }) => files.get('examples.jsonl')!);
          expect(Buffer.compare(file!, expectedFile!)).toBe(0);
        }
    },
  );

  it('survives being killed again and again', async () => {
    const expected = await run(undefined);
    const storage = memoryStorage();
    let sessions = 0;
    for (; sessions < 50; sessions++) {
      const done = await run(mortal(storage, 1, 0.5, true)).then(
        () => true,
        () => false,
      );
      if (done) break;
    }
    expect(sessions).toBeGreaterThan(5);
    expect((await run(storage)).result).toEqual(expected.result);
  });

  it('draws no batch again when all is done', async () => {
    const storage = memoryStorage();
    const first = await run(storage);
    const data = pointsAtGaps(gaps);
    const second = await run(storage, { data });
    expect(data.calls).toBe(0);
    expect(second.result).toEqual(first.result);
    expect(second.timing).toEqual(first.timing);
  });
});

describe('damage', () => {
  let whole: MemoryStorage;
  let expected: Awaited<ReturnType<typeof run>>;
  const name = 'evaluation.jsonl';
  const textOf = ({ files }: MemoryStorage): string => new TextDecoder().decode(files.get(name));
  beforeAll(async () => {
    whole = memoryStorage();
    expected = await run(whole);
  });

  /** Goes on from a journal of these lines; gives what the storage was told of, and how many lines were done again. */
  async function goOn(lines: readonly string[]): Promise<{ told: string[]; again: number }> {
    const told: string[] = [];
    const storage = memoryStorage(whole.files);
    await storage.write(name, new TextEncoder().encode(lines.join('\n')));
    let again = 0;
    const watching: RunStorage = {
      ...storage,
      append: (file, bytes) => (again++, storage.append(file, bytes)),
      onDamage: (file, problem) => told.push(`${file}: ${problem}`),
    };
    const { result, examples } = await run(watching);
    expect(result).toEqual(expected.result);
    expect(examples).toEqual(expected.examples);
    // The lines that are there are all right, in whatever order.
    expect(textOf(storage).split('\n').length).toBe(textOf(whole).split('\n').length);
    expect((await run(storage)).result).toEqual(expected.result);
    return { told, again };
  }

  it('that still parses is found in every line, named, and its work alone done again', async () => {
    const lines = textOf(whole).split('\n');
    // A header, three batches with a clean pass and three runs each, and the end.
    expect(lines).toHaveLength(1 + 3 * 4 + 1);
    for (const place of lines.keys()) {
      if (place === lines.length - 1) continue;
      const line = lines[place]!;
      const digits = [...line.matchAll(/\d/g)];
      const { index } = digits[Math.floor(digits.length / 3)]!;
      const damaged = `${line.slice(0, index)}${(Number(line[index]) + 1) % 10}${line.slice(index + 1)}`;
      const { told, again } = await goOn(lines.with(place, damaged));
      expect(told).toEqual([expect.stringContaining(`damaged in line ${place + 1}:`)]);
      // The lines belong to the header, so one that is damaged is known by them.
      expect(again).toBe(place === 0 ? 0 : 1);
    }
  });

  it('of other kinds is survived too: lines that are gone, twice there, of another evaluation, or full of zeros', async () => {
    const lines = textOf(whole).split('\n');
    const other = memoryStorage();
    await run(other, { seed: 5 });
    const foreign = textOf(other).split('\n');
    expect(await goOn(lines.toSpliced(3, 2))).toEqual({ told: [], again: 2 });
    expect(await goOn(lines.toSpliced(6, 1, '\0'.repeat(100)))).toMatchObject({ again: 1 });
    expect(await goOn(lines.with(6, foreign[6]!))).toMatchObject({
      told: [expect.stringContaining('line 7')],
      again: 1,
    });
    expect(await goOn(lines.slice(0, 5).join('\n').slice(0, -3).split('\n'))).toMatchObject({ told: [], again: 9 });
    const twice = memoryStorage(whole.files);
    await twice.append(name, new TextEncoder().encode(`${lines.slice(1, 4).join('\n')}\n`));
    expect((await run(twice)).result).toEqual(expected.result);
  });

  it('of saved adversarial examples has the attack run again', async () => {
    const storage = memoryStorage();
    const first = await run(storage, { saveAdversarial: true });
    const file = [...storage.files.keys()].find((key) => key.startsWith('adversarial/0-'))!;
    const sound = storage.files.get(file)!;
    const told: string[] = [];
    for (const broken of [sound.with(sound.length - 1, sound.at(-1)! ^ 1), undefined]) {
      if (broken) storage.files.set(file, broken);
      else storage.files.delete(file);
      const telling: RunStorage = { ...storage, onDamage: (at) => told.push(at) };
      expect((await run(telling, { saveAdversarial: true })).result).toEqual(first.result);
      expect(storage.files.get(file)).toEqual(sound);
    }
    expect(told).toEqual([file, file]);
  });
});

describe('refuses to mix evaluations', () => {
  /** What a whole run leaves. */
  let kept: [string, Uint8Array][];
  beforeAll(async () => {
    const storage = memoryStorage();
    await run(storage);
    kept = [...storage.files];
  });
  const refuse = async (changes: Changes, words: RegExp): Promise<void> => {
    const storage = memoryStorage(kept);
    const before = [...storage.files];
    const promise = run(storage, changes);
    await expect(promise).rejects.toMatchObject({ code: 'ADVROB_EVALUATION_MISMATCH' });
    await expect(promise).rejects.toThrow(words);
    expect([...storage.files]).toEqual(before);
  };

  it('other weights', async () => {
    const other = planeModel(2);
    await refuse({ model: other }, /model\.weights was "[0-9a-f]{64}", is "[0-9a-f]{64}"/);
    other.dispose();
  });
  it.each<[string, Changes, RegExp]>([
    [
      'other data',
      {
        data: pointsDataset(
          gaps.map((gap) => [0.5 + gap, 0.5 + gap]),
          gaps.map(() => 1),
          { hash: 'x' },
        ),
      },
      /data\.hash/,
    ],
    ['fewer data', { data: pointsAtGaps(gaps.slice(1)) }, /data\.length was 7, is 6/],
    [
      'classes of other names',
      { data: { ...pointsAtGaps(gaps), classNames: ['left', 'right'] } },
      /data\.classNames was not there, is \["left","right"\]/,
    ],
    ['what the caller says', { config: { versions: { a: '1.0.0' } } }, /config was not there/],
    ['batch size', { batchSize: 2 }, /batchSize was 3, is 2/],
    ['seed', { seed: 5 }, /seed was 0, is 5/],
    ['scope', { attackOn: 'survivors' }, /attackOn was "all", is "survivors"/],
    [
      'options of an attack',
      {
        attacks: [
          { attack: ascent({ steps: 3 }), norm: 'linf', epsilon: [0.1, 0.2] },
          { attack: step(), norm: 'l2', epsilon: 0.1 },
        ],
      },
      /attacks\.0\.options\.steps was 2, is 3/,
    ],
    ['fewer attacks', { attacks: [] }, /attacks\.0 was .* is not there/],
    [
      'epsilons',
      { attacks: [{ attack: ascent({ steps: 2 }), norm: 'linf', epsilon: [0.1, 0.3] }] },
      /attacks\.1\.epsilon was 0\.2, is 0\.3/,
    ],
  ])('%s', async (_, changes, words) => refuse(changes, words));

  it('a file of something else', async () => {
    const storage = memoryStorage([['evaluation.jsonl', new TextEncoder().encode('hello\n')]]);
    await expect(run(storage)).rejects.toMatchObject({ code: 'ADVROB_EVALUATION_MISMATCH' });
  });

  // After the header four lines for each batch: the clean pass and three runs.
  const edited = async (edit: (lines: string[]) => unknown) => {
    const storage = memoryStorage(kept);
    const lines = new TextDecoder().decode(storage.files.get('evaluation.jsonl')).split('\n');
    edit(lines);
    await storage.write('evaluation.jsonl', new TextEncoder().encode(lines.join('\n')));
    return run(storage);
  };

  it('and does what was removed by hand anew, and takes what was doubled or moved once, to the same bits', async () => {
    const { result } = await run(undefined);
    const edits: ((lines: string[]) => unknown)[] = [
      ...[2, 3, 5, 8].map((line) => (lines: string[]) => lines.splice(line, 1)),
      (lines) => lines.splice(3, 0, lines[3]!),
      (lines) => lines.push(...lines.splice(1, 4)),
    ];
    for (const edit of edits) expect((await edited(edit)).result).toEqual(result);
  });

  it('the same weights in another model', async () => {
    const model = planeModel();
    await refuse(
      { model: { ...model, logits: (x) => model.logits(tf.mul(x, 2)) } },
      /model has the same weights but answers .* was .*, is .*: there is other code, normalisation or topology/,
    );
    model.dispose();
  });

  it('an attack of the same name and options, made of other code', async () => {
    const attack = step();
    const { definition } = attack;
    const other = { ...attack, definition: { ...definition, perturb: async () => undefined } } as typeof attack;
    await refuse(
      {
        attacks: [
          { attack: ascent({ steps: 2 }), norm: 'linf', epsilon: [0.1, 0.2] },
          { attack: other, norm: 'l2', epsilon: 0.1 },
        ],
      },
      /attacks\.2\.code was "function perturb [0-9a-f]{16}", is/,
    );
  });

  it('a model without weights or a name for them', async () => {
    const model = {
      inputShape: [2],
      numClasses: 2,
      bounds: [0, 1] as const,
      weights: {},
      logits: (x: tf.Tensor) => tf.clone(x),
    };
    const storage = memoryStorage();
    await expect(run(storage, { model })).rejects.toThrow(/modelHash/);
    await run(storage, { model, modelHash: 'a' });
    await expect(run(storage, { model, modelHash: 'b' })).rejects.toThrow(/model\.weights was "a", is "b"/);
  });
});
