import { memoryStorage, type Classifier, type Dataset } from '@advrob/core';
import { decodeSafetensors } from '@advrob/core/safetensors';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';
import { erm } from '../methods/erm.js';
import { adam } from '../parts/adam.js';
import { ema } from '../parts/ema.js';
import { sgd } from '../parts/sgd.js';
import { swa } from '../parts/swa.js';
import { fit } from './fit.js';
import type { FitOptions } from './options.js';

let model: Classifier;
expectNoLeaks();

beforeEach(() => {
  model = tinyModel();
});
afterEach(() => {
  model.dispose!();
});

const train = (own: Partial<FitOptions>) =>
  fit({ model, data: tinyData(), objective: erm(), batchSize: 8, steps: 20, ...own } as FitOptions);
const isSound = async (of: Classifier): Promise<boolean> =>
  Object.values(await valuesOf(of))
    .flat()
    .every(Number.isFinite);

/** A sound start, then a rate that no network survives. */
const risesTo = (learningRate: number): Partial<FitOptions> => ({
  learningRate,
  schedule: { name: 'warm-up', length: 1, unit: 'steps', from: 1e-32, then: { name: 'constant' } },
});

describe('a diverging learning rate', () => {
  const arms: Record<string, Partial<FitOptions>> = {
    sgd: { optimizer: sgd({ momentum: 0.9 }) },
    adam: { optimizer: adam({ weightDecay: 1 }) },
    'sgd with ema': { optimizer: sgd(), averager: ema() },
    'sgd with swa': { optimizer: sgd(), averager: swa({ start: 0 }) },
  };
  for (const [name, arm] of Object.entries(arms))
    it(`with ${name} ends with an error, sound weights and files that are sound`, async () => {
      const storage = memoryStorage();
      const run = { ...arm, ...risesTo(1e30), checkpoint: { storage, every: 1 }, logEvery: 5 };
      await expect(train(run)).rejects.toMatchObject({ code: 'ADVROB_TRAINING_DIVERGED' });
      expect(await isSound(model)).toBe(true);
      const saved = decodeSafetensors(storage.files.get('last.safetensors')!);
      const found = await valuesOf(model);
      for (const [key, { data }] of saved.records) expect([...data], key).toEqual(found[key]);
      const whole = decodeSafetensors(storage.files.get('checkpoint.safetensors')!);
      for (const [key, { data }] of whole.records) expect([...data].every(Number.isFinite), key).toBe(true);
    });

  it('is noticed when the weights are still finite, so that no file holds weights of any size', async () => {
    const run = { optimizer: sgd(), ...risesTo(1e12), checkpoint: { storage: memoryStorage(), every: 1 } };
    await expect(train(run)).rejects.toMatchObject({
      code: 'ADVROB_TRAINING_DIVERGED',
      message: expect.stringMatching(/the weight '.*' has grown to .* the limit is 1000000/),
    });
    const sizes = Object.values(await valuesOf(model)).flat();
    expect(Math.max(...sizes.map(Math.abs))).toBeLessThan(10);
  });

  it('leaves a checkpoint that goes on from the last sound step, to the same end', async () => {
    const storage = memoryStorage();
    const run = { optimizer: sgd(), ...risesTo(1e30), checkpoint: { storage, every: 1 } };
    const first = await train(run).catch(String);
    const sound = await valuesOf(model);
    model.dispose!();
    model = tinyModel();
    const steps: number[] = [];
    const second = await train({ ...run, onEvent: (event) => event.type === 'start' && steps.push(event.step) }).catch(
      String,
    );
    expect(second).toBe(first);
    expect(steps).toEqual([1]);
    expect(await valuesOf(model)).toEqual(sound);
  });

  it('leaves weights that a run with a lower rate begins from', async () => {
    const storage = memoryStorage();
    await train({ optimizer: sgd(), ...risesTo(1e30), checkpoint: { storage, every: 1 } }).catch(() => undefined);
    const { records } = decodeSafetensors(storage.files.get('last.safetensors')!);
    for (const [name, { data, shape }] of records)
      tf.tidy(() => ({ ...model.weights, ...model.buffers })[name]!.assign(tf.tensor(data, [...shape])));
    const { history } = await train({ optimizer: sgd(), learningRate: 0.1 });
    expect(history.at(-1)).toMatchObject({ type: 'metrics', loss: { total: expect.any(Number) } });
    expect(await isSound(model)).toBe(true);
  });
});

describe('values that are not finite from the start', () => {
  it('in the weights are named', async () => {
    tf.tidy(() => model.weights['fc2.weight']!.assign(tf.fill([5, 3], NaN)));
    const storage = memoryStorage();
    await expect(train({ checkpoint: { storage } })).rejects.toMatchObject({
      code: 'ADVROB_TRAINING_DIVERGED',
      message: expect.stringContaining("from the start the weight 'fc2.weight' is not finite"),
    });
    expect([...storage.files.keys()]).toEqual([]);
  });

  it('in the data are no matter of the learning rate', async () => {
    const data = tinyData();
    const broken: Dataset = {
      ...data,
      async *batches(options) {
        for await (const { x, ...rest } of data.batches(options)) {
          x.dispose();
          yield { x: tf.fill(x.shape, NaN), ...rest };
        }
      },
    };
    await expect(train({ data: broken as never, logEvery: 1 })).rejects.toMatchObject({
      code: 'ADVROB_TRAINING_DIVERGED',
      message: expect.stringMatching(/very first gradient.*data/s),
    });
    expect(await isSound(model)).toBe(true);
  });
});
