import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { TrainingPlan } from '@advrob/core';
import { objectiveContract, trainerContract, type Check } from '@advrob/core/testing';
import { awp, pgdAt, trades } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import plugin, { awpRatTrainer, rat, ratTrainer, taylorExpansion, weightNoise } from '../src/index.js';

beforeAll(() => tf.setBackend('cpu'));

const suite = (checks: readonly Check[]) => {
  for (const { name, run } of checks) it(name, run);
};

// The soft labels are constants by design, so the gradient is not that of the value.
const isGradientOfValue = false;
const objectives: Record<string, () => ReturnType<typeof rat>> = {
  rat: () => rat(),
  'rat, noise on all weights': () => rat({ noisyWeights: '', attackNoise: 0.1, secondOrderTargets: 'symmetric' }),
};
describe.each(Object.entries(objectives))('objective %s', (_, make) =>
  suite(objectiveContract(make, { isGradientOfValue })),
);
describe('objective rat without terms, whose gradient is that of its value', () =>
  suite(objectiveContract(() => rat({ firstTerm: false, secondTerm: false, beta: 2 }))));

const plans: Record<string, () => TrainingPlan> = {
  rat: () => ratTrainer({ noisyWeights: 'hidden' }),
  'awp-rat': () => awpRatTrainer({ warmUp: 0 }),
  'taylor-expansion': () => ({ objective: trades(), transforms: [taylorExpansion({ sigma: 0.05 })] }),
  'weight-noise': () => ({ objective: pgdAt(), transforms: [weightNoise({ samples: 2, antithetic: true })] }),
  'AWP over taylor-expansion': () => ({ objective: rat(), transforms: [taylorExpansion(), awp()] }),
  'weight-noise over AWP': () => ({ objective: rat(), transforms: [awp(), weightNoise()] }),
};
describe.each(Object.entries(plans))('recipe %s', (_, make) => suite(trainerContract(make)));

it('every part of the plugin has its row above', () => {
  const rows = [...Object.keys(objectives), ...Object.keys(plans)];
  const { objectives: own, transforms, trainers } = plugin;
  for (const name of Object.keys({ ...own, ...transforms, ...trainers })) expect(rows).toContain(name);
});
