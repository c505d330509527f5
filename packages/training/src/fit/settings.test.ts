import type { Classifier } from '@advrob/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';
import { erm } from '../methods/erm.js';
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
describe('settings that would make weights NaN are refused', () => {
  it.each<[string, Partial<FitOptions>, string, RegExp]>([
    ['a negative epsilon', { threat: { norm: 'linf', epsilon: -0.1 } }, 'ADVROB_THREAT', /epsilon/],
    ['an epsilon that is no number', { threat: { norm: 'linf', epsilon: NaN } }, 'ADVROB_THREAT', /epsilon/],
    ['a rate that is no number', { learningRate: NaN }, 'ADVROB_OPTION', /learningRate/],
    ['an infinite rate', { learningRate: Infinity }, 'ADVROB_OPTION', /learningRate/],
    ['negative steps', { steps: -1 }, 'ADVROB_OPTION', /steps/],
    ['negative epochs', { steps: undefined as never, epochs: -1 }, 'ADVROB_OPTION', /epochs/],
    ['a schedule of no length', { schedule: { name: 'cosine', length: -1 } }, 'ADVROB_OPTION', /schedule\.length/],
    ['a drop at no place', { schedule: { name: 'step', at: [NaN] } }, 'ADVROB_OPTION', /schedule\.at\.0/],
    ['an unknown schedule', { schedule: { name: 'cosin' } as never }, 'ADVROB_OPTION', /schedule\.name/],
    [
      'a cycle of no length',
      { epsilonSchedule: { name: 'cyclic', up: 0, down: 0 } },
      'ADVROB_OPTION',
      /epsilonSchedule/,
    ],
    ['a limit of the weights below 0', { guards: { maxWeight: -1 } }, 'ADVROB_OPTION', /maxWeight/],
    ['a limit of the gradient below 0', { guards: { maxGradientNorm: -1 } }, 'ADVROB_OPTION', /maxGradientNorm/],
  ])('%s', async (_, own, code, message) => {
    const before = await valuesOf(model);
    await expect(train(own)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await valuesOf(model)).toEqual(before);
  });
});
