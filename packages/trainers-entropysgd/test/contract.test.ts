import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { OptimizerBinding } from '@advrob/core';
import { optimizerContract, trainerContract, type Check } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import plugin, { entropySgd, entropysgdTrainer } from '../src/index.js';

beforeAll(() => tf.setBackend('cpu'));

const suite = (checks: readonly Check[]) => {
  for (const { name, run } of checks) it(name, run);
};

const optimizers: Record<string, [binding: OptimizerBinding, rate: number]> = {
  'entropy-sgd': [entropySgd({ innerSteps: 4 }), 1],
  'entropy-sgd with all options off': [entropySgd({ innerSteps: 1, momentum: 0, noise: 0, avgKeep: 0 }), 1],
  'entropy-sgd with all options on': [
    entropySgd({ innerSteps: 3, nesterov: false, weightDecay: 1e-3, noiseScale: 'paper', noise: 0.01, scoping: 0.1 }),
    0.8,
  ],
};
describe.each(Object.entries(optimizers))('optimizer %s', (_, [binding, rate]) =>
  suite(optimizerContract(binding, { rate, steps: 40 })),
);

type TrainerOptions = Parameters<typeof entropysgdTrainer>[0];
const trainers: Record<string, TrainerOptions> = {
  entropysgd: { innerSteps: 3 },
  'entropysgd with AWP': { innerSteps: 3, awpGamma: 0.01 },
  'entropysgd with SWA': { innerSteps: 2, average: 'swa', swaStart: 0 },
  'entropysgd with AWP and without an averager': { innerSteps: 2, awpGamma: 0.005, average: 'none' },
};
describe.each(Object.entries(trainers))('trainer %s', (_, options) =>
  suite(trainerContract(() => entropysgdTrainer(options))),
);

it('every part of the plugin has its row above', () => {
  const rows = [...Object.keys(optimizers), ...Object.keys(trainers)];
  for (const name of Object.keys({ ...plugin.optimizers, ...plugin.trainers })) expect(rows).toContain(name);
});

it('the trainer refuses SWA without a start, and the bad options of its optimizer', () => {
  const refusal = (message: RegExp) =>
    expect.objectContaining({ code: 'ADVROB_OPTION', message: expect.stringMatching(message) });
  expect(() => entropysgdTrainer({ average: 'swa' })).toThrowError(refusal(/needs swaStart/));
  expect(() => entropysgdTrainer({ gamma: 30 })).toThrowError(refusal(/overshoots/));
  expect(() => entropysgdTrainer({ innerSteps: 0 })).toThrowError(refusal(/innerSteps/));
});
