import '../../test/support/cpu.js';
import { memoryStorage, type Dataset } from '@advrob/core';
import { decodeSafetensors } from '@advrob/core/safetensors';
import { expect, it } from 'vitest';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';
import { erm } from '../methods/erm.js';
import { ema } from '../parts/ema.js';
import { robustOverfitting } from '../robust-overfitting.js';
import { fit } from './fit.js';
import type { FitOptions } from './options.js';

type Values = Record<string, number[]>;
const fileOf = (storage: ReturnType<typeof memoryStorage>, name: string): Values =>
  Object.fromEntries(
    [...decodeSafetensors(storage.files.get(name)!).records].map(([key, { data }]) => [key, [...data]]),
  );

/**
 * A run whose scores are given pass by pass; gives what the model ends with, the files, and the
 * weights at each measurement.
 */
async function scored(scores: readonly number[], own: Partial<FitOptions> = {}) {
  const model = tinyModel();
  const storage = memoryStorage();
  const at: Values[] = [];
  const left = [...scores];
  const { history, best } = await fit({
    model,
    data: tinyData(),
    objective: erm(),
    batchSize: 8,
    epochs: scores.length,
    checkpoint: { storage },
    validation: {
      data: tinyData({ length: 6, seed: 9 }),
      measure: async (measured) => {
        at.push(await valuesOf(measured));
        return { score: left.shift()!, metrics: {} };
      },
    },
    ...own,
  } as FitOptions);
  const end = await valuesOf(model);
  model.dispose!();
  return { end, at, history, best, storage };
}

it('best and last are both kept: where the score was highest, and where the run ended', async () => {
  const { end, at, history, best, storage } = await scored([0.3, 0.8, 0.5, 0.2]);
  expect(best).toEqual({ score: 0.8, step: 6, epoch: 2, weights: 'trained' });
  expect(fileOf(storage, 'best.safetensors')).toEqual(at[1]);
  expect(fileOf(storage, 'last.safetensors')).toEqual(at[3]);
  expect(end).toEqual(at[3]);
  expect(robustOverfitting(history)!.gap).toBeCloseTo(0.6);
});

it('the files name the architecture that the weights are for', async () => {
  const model = Object.assign(tinyModel(), { origin: { name: 'tiny', options: { inputs: 4 } } });
  const storage = memoryStorage();
  await fit({ model, data: tinyData(), objective: erm(), steps: 2, checkpoint: { storage } });
  model.dispose!();
  const { metadata } = decodeSafetensors(storage.files.get('last.safetensors')!);
  expect(Object.fromEntries(metadata)).toEqual({
    format: 'advrob',
    'advrob.architecture': 'tiny',
    'advrob.options': '{"inputs":4}',
    'advrob.step': '2',
  });
});

it('the best can be what the model ends with', async () => {
  const { end, at, storage } = await scored([0.3, 0.8, 0.5], { keep: 'best' });
  expect(end).toEqual(at[1]);
  expect(fileOf(storage, 'last.safetensors')).toEqual(at[2]);
});

it('of equal scores the earlier one is the best, and a score that is no number never is', async () => {
  const { best } = await scored([0.5, NaN, 0.5]);
  expect(best).toMatchObject({ score: 0.5, epoch: 1 });
});

it('the average has its own score, and may be the best', async () => {
  const { best, at, storage } = await scored(
    [0.1, 0.2, 0.4, 0.3].flatMap((score) => [score, score + 0.5]).slice(0, 8),
    {
      averager: ema({ decay: 0.5 }),
      epochs: 4,
    },
  );
  expect(best).toMatchObject({ weights: 'averaged', epoch: 3 });
  expect(fileOf(storage, 'best.safetensors')).toEqual(at[5]);
});

it('the best is chosen on the validation data alone: training never reads it, measuring never reads the rest', async () => {
  const seen = { training: 0, validation: 0 };
  const watched = (data: Dataset, role: keyof typeof seen): Dataset => ({
    ...data,
    batches(options) {
      seen[role] += 1;
      return data.batches(options);
    },
  });
  const model = tinyModel();
  await fit({
    model,
    data: watched(tinyData(), 'training'),
    objective: erm(),
    batchSize: 8,
    epochs: 3,
    validation: { data: watched(tinyData({ length: 6, seed: 9 }), 'validation') },
  });
  expect(seen).toEqual({ training: 3, validation: 3 });
  model.dispose!();
});
