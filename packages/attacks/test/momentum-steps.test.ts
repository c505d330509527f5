import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { bim } from '../src/bim.js';
import { mim } from '../src/mim.js';
import { pgd } from '../src/pgd.js';
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
  readonly decay: number;
  readonly runs: readonly {
    readonly method: 'bim' | 'mim';
    readonly norm: 'linf' | 'l2' | 'l1';
    readonly epsilon: number;
    readonly x: Nested;
    readonly y: Nested;
    readonly points: Readonly<Record<string, Nested>>;
  }[];
}

const { weights, steps, share, decay, runs } = fixture<Trajectories>('momentum-steps.json');

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it.each(runs)('PyTorch fixture: $method in $norm', async ({ method, norm, epsilon, x, y, points }) => {
  const { model, inputs } = recorded(smoothNet(weights));
  const attack = method === 'bim' ? bim({ steps, share }) : mim({ steps, share, decay });
  const last = await attack.maximize(model, tensorOf(x), tensorOf(y, 'int32'), { norm, epsilon });
  const visited = [...inputs, await last.data()];
  for (const [step, wanted] of Object.entries(points))
    expect(largestDifference(visited[Number(step)]!, wanted), `step ${step}`).toBeLessThan(1e-5);
});

describe.each(['linf', 'l2', 'l1'] as const)('%s', (norm) => {
  const slopes = [0.5, -2, 1, 0.25, -1.5, 0.75];
  const model = linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [0.3, 0], bounds: [-10, 10] });
  const x = tf.tensor2d([
    [1, 0, 2, -1, 0.5, 0],
    [0, 1, 0, 3, -2, 1],
  ]);
  const y = tf.tensor1d([1, 0], 'int32');

  it('BIM and MIM reach epsilon times the dual norm on a linear model', async () => {
    const dual = { linf: 6, l2: Math.hypot(...slopes), l1: 2 }[norm];
    for (const attack of [bim(), mim(), mim({ decay: 0.5, steps: 20 })]) {
      const adv = await attack.maximize(model, x, y, { norm, epsilon: 0.3 });
      const lead = tf.matMul(tf.sub(adv, x) as tf.Tensor2D, tf.tensor2d(slopes.map((slope) => [slope])));
      const [first, second] = await lead.data();
      expect(first! / -(0.3 * dual)).toBeCloseTo(1, 4);
      expect(second! / (0.3 * dual)).toBeCloseTo(1, 4);
    }
  });

  it('BIM is PGD from the example, and MIM without memory is BIM', async () => {
    const labels = tf.tensor1d([0, 3, 1], 'int32');
    const images = tf.randomUniform([3, 6, 6, 2], 0, 1, 'float32', 7);
    const points = async (attack: ReturnType<typeof pgd>) =>
      Array.from(await (await attack.maximize(smoothNet(weights), images, labels, { norm, epsilon: 0.2 })).data());
    const wanted = await points(pgd({ steps: 10, start: 'zero' }));
    expect(await points(bim())).toEqual(wanted);
    const withoutMemory = await points(mim({ decay: 0, stepSize: 0.05 }));
    expect(largestDifference(withoutMemory, wanted)).toBeLessThan(1e-6);
  });
});

it('keeps its momentum where the gradient is 0, without NaN', async () => {
  // The gradient vanishes beyond 0.5: the second step has nothing but the memory of the first.
  const model = linearClassifier({ weights: [[0, 0]], bias: [0, 0] });
  const flatBeyond = {
    ...model,
    logits: (input: tf.Tensor) =>
      tf.tidy(() => tf.concat([tf.zerosLike(input), tf.minimum(tf.mul(input, 0.1), 0.05)], 1)),
  };
  const adv = await mim({ steps: 4 }).maximize(flatBeyond, tf.tensor2d([[0.45]]), tf.tensor1d([0], 'int32'), {
    norm: 'linf',
    epsilon: 0.4,
  });
  expect((await adv.data())[0]).toBeCloseTo(0.85, 5);
});
