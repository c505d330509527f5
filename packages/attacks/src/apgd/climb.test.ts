import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { AttackLoss, Scope } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { crossEntropyLoss, dlrLoss } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  fixture,
  largestDifference,
  recorded,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from '../../test/support/smooth-net.js';
import { climbL1, climbLargeBalls, largeBallPhases } from './climb-l1.js';
import { checkpoints, climb, type Best } from './climb.js';

interface Runs {
  readonly weights: SmoothWeights;
  readonly steps: number;
  readonly runs: readonly {
    readonly norm: 'linf' | 'l2' | 'l1';
    readonly epsilon: number;
    readonly loss: 'ce' | 'dlr' | 'targeted dlr';
    readonly kind: 'momentum' | 'cold' | 'large balls';
    readonly x: Nested;
    readonly y: Nested;
    readonly target: Nested;
    readonly start: Nested;
    readonly points: Readonly<Record<string, Nested>>;
    readonly losses: readonly Nested[];
    readonly best: Nested;
  }[];
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const { runs, weights, steps } = fixture<Runs>('apgd.json');
const settings = { steps, rho: 0.75, eot: 1 };
const climbers: Record<Runs['runs'][number]['kind'], (scope: Scope<'gradients'>, start: tf.Tensor) => Promise<Best>> = {
  momentum: (scope, start) => climb(scope, start, settings),
  cold: (scope, start) => climbL1(scope, start, { threat: scope.threat, steps, isWarm: false, offers: true }, settings),
  'large balls': (scope, start) => climbLargeBalls(scope, start, settings),
};
const losses: Record<string, AttackLoss> = { ce: crossEntropyLoss, dlr: dlrLoss, 'targeted dlr': dlrLoss };

it.each(runs)('PyTorch fixture: $loss in $norm, $kind', async (run) => {
  const { model, inputs } = recorded(smoothNet(weights));
  const attack = defineAttack({
    name: 'apgd-from-a-start',
    summary: 'APGD from the start of a fixture.',
    knowledge: 'gradients',
    norms: ['linf', 'l2', 'l1'],
    budget: 'fixed',
    loss: losses[run.loss]!,
    options: z.strictObject({}),
    perturb: async (scope) => (await climbers[run.kind](scope, tensorOf(run.start))).best,
  })();
  const targets = run.loss === 'targeted dlr' ? { targets: tensorOf(run.target, 'int32') } : {};
  const { norm, epsilon, x, y } = run;
  const best = await attack.maximize(model, tensorOf(x), tensorOf(y, 'int32'), { norm, epsilon }, targets);
  expect(inputs.length).toBe(run.losses.length);
  const last = run.losses.length - 1;
  const lastPhase = run.kind === 'large balls' ? last - largeBallPhases(steps)[2]![1] : 0;
  for (const [step, wanted] of Object.entries(run.points))
    expect(largestDifference(inputs[lastPhase + Number(step)]!, wanted), `step ${step}`).toBeLessThan(1e-5);
  expect(largestDifference(await best.data(), run.best)).toBeLessThan(1e-5);
});

describe('checkpoints', () => {
  it.each([
    [100, [22, 41, 57, 70, 80, 87, 93, 99]],
    [10, [2, 3, 4, 5, 6, 7, 8, 9, 10]],
    [1, [1]],
    [3, [1, 2, 3]],
    [50, [11, 21, 30, 38, 45]],
  ])('of %d iterations', (iterations, expected) => {
    expect([...checkpoints(iterations).keys()]).toEqual(expected);
  });
});
