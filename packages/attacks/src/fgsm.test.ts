import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { reachDualNorm } from '../test/support/linear-gain.js';
import {
  fixture,
  largestDifference,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from '../test/support/smooth-net.js';
import { fgsm } from './fgsm.js';

interface Steps {
  readonly weights: SmoothWeights;
  readonly runs: Readonly<
    Record<
      'linf' | 'l2' | 'l1',
      { readonly epsilon: number; readonly x: Nested; readonly y: Nested; readonly fgsm: Nested }
    >
  >;
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(fgsm, {
  rows: [
    { attack: fgsm(), reach: 0.85, excess: 0.001 },
    { attack: fgsm({ start: 'uniform' }), differsBySeed: true },
  ],
  eot: (eot) => fgsm({ eot }),
});

describe.each(['linf', 'l2', 'l1'] as const)('PyTorch fixtures, %s', (norm) => {
  const { weights, runs } = fixture<Steps>('gradient-steps.json');
  const { epsilon, x, y, fgsm: wanted } = runs[norm];

  it('FGSM makes the same point', async () => {
    const adv = await fgsm().maximize(smoothNet(weights), tensorOf(x), tensorOf(y, 'int32'), { norm, epsilon });
    expect(largestDifference(await adv.data(), wanted)).toBeLessThan(1e-5);
  });
});

reachDualNorm([
  ['fgsm', fgsm()],
  ['fgsm from a random start', fgsm({ start: 'uniform', stepSize: 50 })],
]);

describe('eot', () => {
  it('averages the gradients of a random model', async () => {
    // The slope of input 0 is 1 or -3 by turns, that of input 1 always 1: single gradients
    // disagree, the mean is (-1, 1).
    let calls = 0;
    const model = linearClassifier({
      weights: [
        [0, 0],
        [0, 0],
      ],
      bias: [0, 0],
      bounds: [-10, 10],
    });
    const random = {
      ...model,
      logits: (input: tf.Tensor) =>
        tf.tidy(() =>
          tf.matMul(
            input as tf.Tensor2D,
            tf.tensor2d([
              [0, calls++ % 2 === 0 ? 1 : -3],
              [0, 1],
            ]),
          ),
        ),
    };
    const adv = await fgsm({ eot: 2 }).maximize(random, tf.zeros([1, 2]), tf.tensor1d([0], 'int32'), {
      norm: 'linf',
      epsilon: 1,
    });
    expect([...(await adv.data())]).toEqual([-1, 1]);
  });
});
