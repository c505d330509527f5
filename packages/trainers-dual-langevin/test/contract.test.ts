import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Attack, Objective, TrainingPlan } from '@advrob/core';
import { attackContract, objectiveContract, trainerContract, type Check } from '@advrob/core/testing';
import { adamw, awp, ema, swa } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import plugin, {
  cvarPd,
  dale,
  dalePd,
  dalePdReverse,
  dalePdTrainer,
  gaussianDaleTrainer,
  klDaleMultiPd,
  klDaleMultiPdTrainer,
  klDalePd,
  klDalePdTrainer,
  laplacianDaleTrainer,
  plainLangevin,
  dalePdReverseTrainer,
  randSmoothingTrainer,
} from '../src/index.js';

beforeAll(() => tf.setBackend('cpu'));

const suite = (checks: readonly Check[]) => {
  for (const { name, run } of checks) it(name, run);
};

const attacks: Record<string, Attack> = { 'plain-langevin': plainLangevin({ steps: 10 }) };
describe.each(Object.entries(attacks))('attack %s', (_, attack) =>
  suite(attackContract(attack, { differsBySeed: true })),
);

const objectives: Record<string, () => Objective> = {
  dale: () => dale({ nu: 0.5 }) as unknown as Objective,
  'dale-pd': () => dalePd() as unknown as Objective,
  'dale-pd with all options': () => dalePd({ rho: 0.4, dualStep: 0.5, nu: 0, maxNu: 2 }) as unknown as Objective,
  'dale-pd-reverse': () => dalePdReverse({ dualStep: 0.1 }) as unknown as Objective,
  'kl-dale-pd': () => klDalePd({ dualStep: 0.1 }) as unknown as Objective,
  'kl-dale-multi-pd': () => klDaleMultiPd({ samples: 3 }) as unknown as Objective,
  'kl-dale-multi-pd of one point': () => klDaleMultiPd({ samples: 1, advbenchCompat: true }) as unknown as Objective,
  'cvar-pd': () => cvarPd({ samples: 4 }) as unknown as Objective,
  'cvar-pd by descent': () => cvarPd({ samples: 4, threshold: 'descent', steps: 2 }) as unknown as Objective,
};
describe.each(Object.entries(objectives))('objective %s', (_, make) => suite(objectiveContract(make)));

const trainers: Record<string, () => TrainingPlan> = {
  'gaussian-dale': () => gaussianDaleTrainer(),
  'laplacian-dale': () => laplacianDaleTrainer({ advbenchCompat: true }),
  'dale-pd': () => dalePdTrainer({ sampler: 'laplace', dualStep: 0.1 }),
  'dale-pd-reverse': () => dalePdReverseTrainer({ stepSize: 0.05 }),
  'kl-dale-pd': () => klDalePdTrainer({ stepSize: 0.05 }),
  'kl-dale-multi-pd': () => klDaleMultiPdTrainer(),
  'rand-smoothing': () => randSmoothingTrainer({ samples: 2 }),
  'rand-smoothing as in advbench': () => randSmoothingTrainer({ samples: 2, advbenchCompat: true }),
  'dale-pd with AdamW, AWP and SWA': () => ({
    ...dalePdTrainer(),
    optimizer: adamw(),
    transforms: [awp({ gamma: 0.01 })],
    averager: swa({ start: 0 }),
  }),
  'kl-dale-pd with EMA': () => ({ ...klDalePdTrainer(), averager: ema({ decay: 0.9 }) }),
};
describe.each(Object.entries(trainers))('trainer %s', (_, make) => suite(trainerContract(make)));

it('every part of the plugin has its row above', () => {
  expect(Object.keys(attacks)).toEqual(Object.keys(plugin.attacks));
  for (const name of Object.keys(plugin.objectives)) expect(Object.keys(objectives)).toContain(name);
  for (const name of Object.keys(plugin.trainers)) expect(Object.keys(trainers)).toContain(name);
});
