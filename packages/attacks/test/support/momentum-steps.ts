import type { Attack } from '@advrob/core';
import { expect } from 'vitest';
import {
  fixture,
  largestDifference,
  recorded,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from './smooth-net.js';

interface Run {
  readonly method: 'bim' | 'mim';
  readonly norm: 'linf' | 'l2' | 'l1';
  readonly epsilon: number;
  readonly x: Nested;
  readonly y: Nested;
  readonly points: Readonly<Record<string, Nested>>;
}

interface Trajectories {
  readonly weights: SmoothWeights;
  readonly steps: number;
  readonly share: number;
  readonly decay: number;
  readonly runs: readonly Run[];
}

/** What tooling/oracle/attacks/momentum_steps.py wrote. */
export const momentumSteps = fixture<Trajectories>('momentum-steps.json');

/** That an attack visits the points of PyTorch. */
export async function expectSameSteps(attack: Attack, { norm, epsilon, x, y, points }: Run): Promise<void> {
  const { model, inputs } = recorded(smoothNet(momentumSteps.weights));
  const last = await attack.maximize(model, tensorOf(x), tensorOf(y, 'int32'), { norm, epsilon });
  const visited = [...inputs, await last.data()];
  for (const [step, wanted] of Object.entries(points))
    expect(largestDifference(visited[Number(step)]!, wanted), `step ${step}`).toBeLessThan(1e-5);
}
