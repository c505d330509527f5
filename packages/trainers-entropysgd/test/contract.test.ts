import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { optimizerContract, type Check } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import plugin, { entropySgd } from '../src/index.js';

beforeAll(() => tf.setBackend('cpu'));

const suite = (checks: readonly Check[]) => {
  for (const { name, run } of checks) it(name, run);
};

describe('optimizer entropy-sgd', () =>
  suite(optimizerContract(entropySgd({ innerSteps: 4 }), { rate: 1, steps: 30 })));
describe('optimizer entropy-sgd, all options off', () =>
  suite(optimizerContract(entropySgd({ innerSteps: 1, momentum: 0, noise: 0, avgKeep: 0 }), { rate: 1 })));
describe('optimizer entropy-sgd, all options on', () =>
  suite(
    optimizerContract(
      entropySgd({ innerSteps: 3, nesterov: false, weightDecay: 1e-3, noiseScale: 'paper', noise: 0.01, scoping: 0.1 }),
      { rate: 0.8, steps: 30 },
    ),
  ));

it('every part of the plugin has its rows', () => {
  expect(Object.keys(plugin.optimizers)).toEqual(['entropy-sgd']);
});
