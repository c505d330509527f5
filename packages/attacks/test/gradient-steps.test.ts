import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Norm } from '@advrob/core';
import { crossEntropy } from '@advrob/core/losses';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { fgsm, pgd } from '../src/index.js';
import {
  fixture,
  largestDifference,
  recorded,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from './smooth-net.js';

interface Trajectories {
  readonly weights: SmoothWeights;
  readonly steps: number;
  readonly share: number;
  readonly runs: Readonly<
    Record<
      'linf' | 'l2' | 'l1',
      {
        readonly epsilon: number;
        readonly x: Nested;
        readonly y: Nested;
        readonly fgsm: Nested;
        readonly points: Readonly<Record<string, Nested>>;
        readonly losses: readonly Nested[];
      }
    >
  >;
}

const norms = ['linf', 'l2', 'l1'] as const;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(norms)('PyTorch fixtures, %s', (norm) => {
  const { weights, steps, share, runs } = fixture<Trajectories>('gradient-steps.json');
  const { epsilon, x, y, ...wanted } = runs[norm];

  it('FGSM makes the same point', async () => {
    const adv = await fgsm().maximize(smoothNet(weights), tensorOf(x), tensorOf(y, 'int32'), { norm, epsilon });
    expect(largestDifference(await adv.data(), wanted.fgsm)).toBeLessThan(1e-5);
  });

  it('PGD makes the same 100 steps', async () => {
    const { model, inputs } = recorded(smoothNet(weights));
    const labels = tensorOf(y, 'int32');
    const attack = pgd({ steps, share, start: 'zero' });
    const last = await attack.maximize(model, tensorOf(x), labels, { norm, epsilon });
    const points = [...inputs, await last.data()];
    for (const [step, point] of Object.entries(wanted.points))
      expect(largestDifference(points[Number(step)]!, point), `step ${step}`).toBeLessThan(1e-5);
    for (const [step, loss] of wanted.losses.entries()) {
      const losses = crossEntropy(model.logits(tf.tensor(points[step]!, last.shape)), labels);
      expect(largestDifference(await losses.data(), loss), `loss ${step}`).toBeLessThan(1e-5);
    }
  });
});

/** Two classes whose boundary is linear: no point of a ball has a higher loss than the one at epsilon times the dual norm. */
describe.each(norms)('linear model, %s', (norm) => {
  const slopes = [0.5, -2, 1, 0.25, -1.5, 0.75];
  const model = linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [0.3, 0], bounds: [-10, 10] });
  const x = tf.tensor2d([
    [1, 0, 2, -1, 0.5, 0],
    [0, 1, 0, 3, -2, 1],
  ]);
  const y = tf.tensor1d([1, 0], 'int32');
  const dual: Record<(typeof norms)[number], number> = {
    linf: slopes.reduce((sum, slope) => sum + Math.abs(slope), 0),
    l2: Math.hypot(...slopes),
    l1: Math.max(...slopes.map(Math.abs)),
  };
  const gainOf = async (adv: tf.Tensor): Promise<number[]> => {
    const scores = tf.mul(
      tf.sub(model.logits(adv), model.logits(x)),
      tf.tensor2d([
        [0, -1],
        [0, 1],
      ]),
    );
    return Array.from(await tf.sum(scores, 1).data());
  };

  it.each([
    ['fgsm', fgsm()],
    ['fgsm from a random start', fgsm({ start: 'uniform', stepSize: 50 })],
    ['pgd', pgd({ steps: 60, stepSize: 1 })],
    ['pgd from the example', pgd({ steps: 10, start: 'zero' })],
    ['pgd from tiny noise', pgd({ steps: 20, start: 'tinygauss', stepSize: 2 })],
  ] as const)('%s reaches epsilon times the dual norm', async (name, attack) => {
    for (const epsilon of [0.01, 0.3, 2]) {
      const gains = await gainOf(await attack.maximize(model, x, y, { norm: norm as Norm, epsilon }));
      for (const gain of gains) expect(gain / (epsilon * dual[norm])).toBeCloseTo(1, name.includes('random') ? 1 : 3);
    }
  });
});

describe('eot', () => {
  it('averages the gradients of a random model', async () => {
    // The slope of input 0 is 1 or -3 by turns, that of input 1 always 1: single gradients disagree, the mean is (-1, 1).
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
