import './support/cpu.js';
import { memoryStorage, type Augmentation, type Classifier, type RunStorage } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { TrainingEvent } from '../src/fit/events.js';
import { fit } from '../src/fit/fit.js';
import type { FitOptions } from '../src/fit/options.js';
import { cvar } from '../src/methods/cvar.js';
import { free } from '../src/methods/free.js';
import { smoothadv } from '../src/methods/smoothadv.js';
import { trades } from '../src/methods/trades.js';
import { awp } from '../src/parts/awp.js';
import { ema } from '../src/parts/ema.js';
import { sgd } from '../src/parts/sgd.js';
import { swa } from '../src/parts/swa.js';
import { manyDraws, movingAverage, perturbed, primalDual } from './support/doubles.js';
import { signAttack } from './support/sign-attack.js';
import { tinyData } from './support/tiny-data.js';
import { tinyModel, valuesOf } from './support/tiny-model.js';

type Arguments = Partial<FitOptions>;
/** What differs from run to run, made anew for each. */
interface Arm extends Arguments {
  readonly makeObjective?: () => AnyObjective;
  readonly makeModel?: () => Classifier;
}
class Killed extends Error {}
type Memory = ReturnType<typeof memoryStorage>;

type AnyObjective = NonNullable<Arguments['objective']>;
const dual = () => primalDual(0.5, 0.1) as unknown as AnyObjective;

const shifted: Augmentation = (x, rng) => tf.add(x, tf.expandDims(rng.uniform('shift', [], -0.1, 0.1), 1));

/** The same weights behind inputs of half the size. */
function halved(): Classifier {
  const model = tinyModel({ dropout: 0.2 });
  return { ...model, logits: (x, how) => tf.tidy(() => model.logits(tf.div(x, 2), how)) };
}

/** One process: everything is made anew, only the storage stays. */
async function life(storage: RunStorage, arm: Arm, onEvent?: (event: TrainingEvent) => void) {
  const { makeObjective = dual, makeModel = () => tinyModel({ dropout: 0.2 }), ...own } = arm;
  const model = makeModel();
  const objective = makeObjective();
  try {
    const { history, best, steps, inputGradients } = await fit({
      model,
      data: tinyData({ length: 22 }),
      objective,
      attack: signAttack(),
      threat: { norm: 'linf', epsilon: 0.1 },
      epsilonSchedule: { name: 'warm-up', length: 2 },
      schedule: { name: 'cosine' },
      learningRate: 0.2,
      batchSize: 4,
      epochs: 2,
      seed: 7,
      logEvery: 4,
      validation: { data: tinyData({ length: 10, seed: 9 }), attack: signAttack() },
      ...own,
      checkpoint: { storage, every: 3 },
      onEvent,
    });
    const state = await Promise.all(
      Object.values(objective.state ?? {}).map(async (value) =>
        typeof value === 'number' ? value : [...(await value.data())],
      ),
    );
    return { history, best, steps, inputGradients, state, weights: await valuesOf(model) };
  } finally {
    model.dispose!();
    objective.dispose?.();
  }
}

const arms: Record<string, Arm> = {
  'SGD, last batch of a pass not full': { optimizer: sgd({ momentum: 0.9, nesterov: true }), dropLast: false },
  'AWP over EntropySGD over DALE with an average': {
    optimizer: manyDraws(2),
    transforms: [perturbed(0.01)],
    averager: movingAverage(0.8),
    attackMode: 'probe',
  },
  'best weights kept': { keep: 'best' },
  'free AT with augmentation and EMA, last batch of a pass not full': {
    makeObjective: () => free({ replays: 2 }) as unknown as AnyObjective,
    optimizer: sgd({ momentum: 0.9 }),
    augmentations: [shifted],
    averager: ema({ decay: 0.8 }),
    dropLast: false,
    epochs: 1,
  },
  'TRADES with AWP and SWA': {
    makeObjective: () => trades() as unknown as AnyObjective,
    optimizer: sgd({ momentum: 0.9, weightDecay: 0.01 }),
    transforms: [awp({ gamma: 0.05, warmUp: 1 })],
    averager: swa({ start: 0 }),
  },
  SmoothAdv: { makeObjective: () => smoothadv({ samples: 2 }) as unknown as AnyObjective },
  'CVaR by descent': {
    makeObjective: () => cvar({ samples: 3, threshold: 'descent', steps: 2 }) as unknown as AnyObjective,
  },
};

/** The files of a storage as one text, equal for equal contents. */
const contentOf = ({ files }: Memory): string =>
  JSON.stringify([...files].sort().map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]));

const copyOf = ({ files }: Memory): Memory => memoryStorage(files);

/** A run goes on from what the storage holds and from nothing else, so that each content needs one life to its end. */
function endings(arm: Arm) {
  const known = new Map<string, ReturnType<typeof toEnd>>();
  const toEnd = async (storage: Memory) => {
    const result = await life(storage, arm);
    return { result, content: contentOf(storage) };
  };
  return (storage: Memory) => {
    const key = contentOf(storage);
    if (!known.has(key)) known.set(key, toEnd(copyOf(storage)));
    return known.get(key)!;
  };
}

/** A life that dies at an event. */
async function killedAt(storage: RunStorage, arm: Arm, fatal: number): Promise<void> {
  let seen = 0;
  const killer = () => {
    if (seen++ === fatal) throw new Killed();
  };
  await life(storage, arm, killer).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
}

describe.each(Object.entries(arms))('%s', (_, own) => {
  const endOf = endings(own);
  const whole = () => endOf(memoryStorage());

  it('ends with the same bits wherever it was killed', async () => {
    const events: TrainingEvent[] = [];
    const storage = memoryStorage();
    /** What a process that is killed at an event leaves behind. */
    const left: Memory[] = [];
    const result = await life(storage, own, (event) => {
      events.push(event);
      left.push(copyOf(storage));
    });
    expect(events.filter(({ type }) => type === 'checkpoint').length).toBeGreaterThan(1);
    expect(result.history.length).toBeGreaterThan(3);
    const end = { result, content: contentOf(storage) };
    expect(await whole()).toEqual(end);

    const contents = new Set<string>();
    for (const [fatal, survivor] of left.entries()) {
      expect(await endOf(survivor)).toEqual(end);
      // An exception in the middle of a life leaves what a kill does; tried once for each kind of event.
      if (events.findIndex(({ type }) => type === events[fatal]!.type) === fatal) {
        const thrown = memoryStorage();
        await killedAt(thrown, own, fatal);
        expect(contentOf(thrown)).toBe(contentOf(survivor));
      }
      if (contents.has(contentOf(survivor))) continue;
      contents.add(contentOf(survivor));
      // Killed once more two events after it went on.
      const twice = copyOf(survivor);
      await killedAt(twice, own, 2);
      expect(await endOf(twice)).toEqual(end);
    }
    expect(contents.size).toBeGreaterThan(2);
  });

  it('ends with the same bits when the storage dies before or after a write', async () => {
    const end = await whole();
    for (const fatal of [0, 1, 2, 4])
      for (const isWritten of [false, true]) {
        const survivor = memoryStorage();
        let writes = 0;
        const dying: RunStorage = {
          read: survivor.read,
          async write(name, bytes, previous) {
            if (writes++ === fatal && !isWritten) throw new Killed();
            await survivor.write(name, bytes, previous);
            if (writes > fatal) throw new Killed();
          },
        };
        await expect(life(dying, own)).rejects.toBeInstanceOf(Killed);
        expect(await endOf(survivor)).toEqual(end);
      }
  });

  it('ends with the same bits when it is aborted in the middle of a step', async () => {
    const end = await whole();
    for (const calls of [1, 2, 4]) {
      const storage = memoryStorage();
      const stop = new AbortController();
      let seen = 0;
      const { makeObjective = dual } = own;
      const aborting = () => {
        const objective = makeObjective();
        const { prepare } = objective;
        return {
          ...objective,
          prepare(...given: Parameters<typeof prepare>) {
            seen += 1;
            if (seen === calls) stop.abort();
            return prepare(...given);
          },
        };
      };
      const run = life(storage, { ...own, makeObjective: aborting, signal: stop.signal });
      await expect(run).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
      expect(storage.files.has('checkpoint.safetensors')).toBe(true);
      expect((await endOf(storage)).result).toEqual(end.result);
    }
  });
});

it('takes up a measurement that was aborted', async () => {
  const own = arms['best weights kept']!;
  const whole = await life(memoryStorage(), own);
  const storage = memoryStorage();
  const stop = new AbortController();
  const attack = signAttack();
  const aborting: typeof attack = {
    ...attack,
    async run(...given) {
      stop.abort();
      return attack.run(...given);
    },
  };
  const validation = { data: tinyData({ length: 10, seed: 9 }), attack: aborting };
  await expect(life(storage, { ...own, validation, signal: stop.signal })).rejects.toMatchObject({
    code: 'ADVROB_ABORTED',
  });
  expect(await life(storage, own)).toEqual(whole);
});

describe('a checkpoint', () => {
  const arm = arms['best weights kept']!;
  async function interrupted() {
    const storage = memoryStorage();
    const killer = ({ type }: TrainingEvent) => {
      if (type === 'checkpoint') throw new Killed();
    };
    await life(storage, arm, killer).catch(() => undefined);
    return storage;
  }

  it.each<[string, Arm, string]>([
    ['seed', { seed: 8 }, 'seed was 7, is 8'],
    ['learning rate', { learningRate: 0.3 }, 'learningRate was 0.2'],
    ['schedule', { schedule: { name: 'constant' } }, 'schedule.name was "cosine"'],
    ['steps', { epochs: 4 }, 'steps was 10'],
    ['data', { data: tinyData({ length: 22, seed: 4 }) as never }, 'data.hash was'],
    ['optimizer', { optimizer: sgd({ momentum: 0.8 }) }, 'optimizer was not there'],
    ['attack', { attack: signAttack({ steps: 3 }) }, 'attack.options.steps was 2, is 3'],
    ['threat', { threat: { norm: 'l2', epsilon: 0.1 } }, 'threat.norm was "linf"'],
    ['start', { makeModel: () => tinyModel({ dropout: 0.2, seed: 5 }) }, 'model.weights was'],
    ['normalisation', { makeModel: halved }, 'model has the same weights but answers the same inputs otherwise'],
    ['own config', { config: { rho: 0.2 } }, 'config was not there'],
  ])('of another %s is refused', async (_, change, message) => {
    const storage = await interrupted();
    await expect(life(storage, { ...arm, ...change })).rejects.toMatchObject({
      code: 'ADVROB_CHECKPOINT_MISMATCH',
      message: expect.stringContaining(message),
    });
  });

  /** Damage, of which all but the first two still parse. */
  const damages: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ['cut off', (bytes) => bytes.slice(0, -1)],
    ['of another kind', () => new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 123, 125])],
    ['wrong in a bit of a weight', (bytes) => bytes.with(bytes.length - 2, bytes.at(-2)! ^ 1)],
    ['wrong in a digit', (bytes) => replaced(bytes, '"seed":7', '"seed":8')],
    ['without its checksum', (bytes) => replaced(bytes, 'advrob.sha256', 'advrob.sha257')],
  ];
  const replaced = (bytes: Uint8Array, from: string, to: string): Uint8Array => {
    const text = Buffer.from(bytes).toString('latin1').replace(from.replaceAll('"', '\\"'), to.replaceAll('"', '\\"'));
    return Uint8Array.from(Buffer.from(text, 'latin1'));
  };

  it.each(damages)('that is %s is refused, and nothing is left in memory', async (_, change) => {
    const storage = await interrupted();
    const bytes = storage.files.get('checkpoint.safetensors')!;
    expect(change(bytes)).not.toEqual(bytes);
    storage.files.set('checkpoint.safetensors', change(bytes));
    const before = tf.memory().numTensors;
    await expect(life(storage, arm)).rejects.toMatchObject({ code: 'ADVROB_CHECKPOINT' });
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(damages)('that is %s gives way to the one before it, and it is said', async (_, change) => {
    const whole = memoryStorage();
    const result = await life(whole, arm);
    const storage = copyOf(whole);
    storage.files.set('checkpoint.safetensors', change(storage.files.get('checkpoint.safetensors')!));
    storage.files.set('best.safetensors', new Uint8Array(5));
    const told: string[] = [];
    const telling = { ...storage, onDamage: (name: string, problem: string) => told.push(`${name}: ${problem}`) };
    expect(await life(telling, arm)).toEqual(result);
    expect(told).toEqual(['checkpoint.safetensors: it is damaged; training goes on from the checkpoint before it']);
    expect(contentOf(storage)).toBe(contentOf(whole));
  });

  it('takes the place of the one before it when that is damaged', async () => {
    const whole = memoryStorage();
    const result = await life(whole, arm);
    const storage = copyOf(whole);
    storage.files.set('checkpoint.previous.safetensors', new Uint8Array(9));
    const told: string[] = [];
    expect(await life({ ...storage, onDamage: (name) => told.push(name) }, arm)).toEqual(result);
    expect(told).toEqual(['checkpoint.previous.safetensors']);
    const [last, previous] = ['', '.previous'].map((which) => storage.files.get(`checkpoint${which}.safetensors`));
    expect(previous).toEqual(last);
  });

  it('hands back the log so far', async () => {
    const storage = await interrupted();
    const events: TrainingEvent[] = [];
    const { history } = await life(storage, arm, (event) => events.push(event));
    const start = events[0]!;
    if (start.type !== 'start') throw new Error('the first event is start');
    expect(start.resumed).toBe(true);
    const later = events.filter(({ type }) => type === 'metrics' || type === 'validation');
    expect([...start.history, ...later]).toEqual(history);
  });
});
