import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { takesFewest } from '../test/support/few-values.js';
import {
  fixture,
  largestDifference,
  recorded,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from '../test/support/smooth-net.js';
import { sigmaZero } from './sigma-zero.js';

interface SigmaZero {
  readonly weights: SmoothWeights;
  readonly steps: number;
  readonly rate: number;
  readonly smoothing: number;
  readonly threshold: number;
  readonly change: number;
  readonly runs: readonly {
    readonly x: Nested;
    readonly y: Nested;
    readonly targets?: Nested;
    readonly points: Readonly<Record<string, Nested>>;
    readonly closest: Nested;
  }[];
}

const anywhere = { norm: 'l0', epsilon: Infinity } as const;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(sigmaZero, {
  rows: [{ attack: sigmaZero({ steps: 40 }), reach: 0.7 }],
  eot: (eot) => sigmaZero({ steps: 4, eot }),
});

describe('PyTorch fixtures', () => {
  const zero = fixture<SigmaZero>('sigma-zero.json');
  it.each(zero.runs)('sigma-zero makes the same steps %#', async ({ x, y, targets, points, closest }) => {
    const { model, inputs } = recorded(smoothNet(zero.weights));
    const attack = sigmaZero({
      steps: zero.steps,
      learningRate: zero.rate,
      smoothing: zero.smoothing,
      initialThreshold: zero.threshold,
      thresholdChange: zero.change,
    });
    const how = targets === undefined ? {} : { targets: tensorOf(targets, 'int32') };
    const labels = tensorOf(y, 'int32');
    const last = await attack.maximize(model, tensorOf(x), labels, anywhere, how);
    for (const [step, wanted] of Object.entries(points))
      expect(largestDifference(inputs[Number(step)] ?? (await last.data()), wanted), `step ${step}`).toBeLessThan(1e-5);
    const result = await attack.run(smoothNet(zero.weights), tensorOf(x), labels, anywhere, how);
    expect([...result.closest]).toEqual(closest);
  });
});

takesFewest(sigmaZero({ steps: 200 }), [1, 2, 3]);
