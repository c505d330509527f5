import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { RowRandom } from '@advrob/core';
import { crossEntropyLoss, logOneMinusLoss } from '@advrob/core/losses';
import { createRowRandom } from '@advrob/core/random';
import { linearClassifier } from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { fixture, smoothNet, type SmoothWeights } from '../test/support/smooth-net.js';
import { langevin, langevinStep } from './langevin.js';
import { pgd } from './pgd.js';

const { weights } = fixture<{ weights: SmoothWeights }>('momentum-steps.json');
const images = () => tf.randomUniform([4, 6, 6, 2], 0, 1, 'float32', 11);
const labels = () => tf.tensor1d([0, 3, 1, 2], 'int32');
const threat = { norm: 'linf', epsilon: 0.2 } as const;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(langevin, {
  rows: [
    { attack: langevin(), reach: 0.85, differsBySeed: true },
    {
      attack: langevin({ sampler: 'laplace', noise: 0.02 }),
      reach: 0.7,
      differsBySeed: true,
      // In units of the gradient.
      inUnit: ({ scale }) => langevin({ sampler: 'laplace', noise: 0.02 / scale }),
    },
  ],
  eot: (eot) => langevin({ steps: 4, eot }),
});

describe('one step', () => {
  const x = tf.tensor2d([[0.5, 0.5, 0.5, 0.05]]);
  const adv = tf.tensor2d([[0.5, 0.55, 0.45, 0.05]]);
  const gradient = tf.tensor2d([[2, -0.5, 0, -1]]);
  const scripted = (values: number[]): RowRandom => {
    const draw = () => tf.tensor2d([values]);
    return { uniform: draw, normal: draw, laplace: draw };
  };
  const ball = createThreat({ norm: 'linf', epsilon: 0.3 }, [0, 1]);

  it('gaussian: the sign, then the noise, then the projection', async () => {
    const place = { x, threat: ball, rng: scripted([1, -2, 3, -9]) };
    const next = langevinStep(place, adv, gradient, 0.1, { sampler: 'gaussian', noise: 0.05 });
    // 0.5 + 0.1 + 0.05; 0.55 - 0.1 - 0.1; 0.45 + 0 + 0.15; 0.05 - 0.1 - 0.45 cut at the bound.
    [0.65, 0.35, 0.6, 0].forEach((value, i) => expect(next.dataSync()[i]).toBeCloseTo(value, 6));
  });

  it('laplace: the noise is added to the gradient, inside the sign', async () => {
    const place = { x, threat: ball, rng: scripted([-5, 1, 3, -9]) };
    const next = langevinStep(place, adv, gradient, 0.1, { sampler: 'laplace', noise: 0.4 });
    // Signs of 2 - 2 = 0, -0.5 + 0.4, 0 + 1.2, -1 - 3.6.
    [0.5, 0.45, 0.55, 0].forEach((value, i) => expect(next.dataSync()[i]).toBeCloseTo(value, 6));
  });

  it('draws noise of the scale and law that it says, and leaves no tensors', async () => {
    const size = 20000;
    const wide = createThreat({ norm: 'linf', epsilon: 40 }, [-50, 50]);
    const place = {
      x: tf.zeros([1, size]),
      threat: wide,
      rng: createRowRandom({ seed: 3, ids: Int32Array.of(0) }),
    };
    const before = tf.memory().numTensors;
    const moved = langevinStep(place, place.x, place.x, 1, { sampler: 'gaussian', noise: 0.5 });
    expect(tf.memory().numTensors).toBe(before + 1);
    const values = Array.from(await moved.data());
    const mean = (of: (value: number) => number) => values.reduce((sum, value) => sum + of(value), 0) / size;
    // Five standard errors.
    expect(Math.abs(mean((value) => value))).toBeLessThan((5 * 0.5) / Math.sqrt(size));
    expect(mean((value) => value ** 2) / 0.25).toBeCloseTo(1, 1);
    expect(mean((value) => value ** 4) / (3 * 0.25 ** 2)).toBeCloseTo(1, 0);
    // With gradient 1 and Laplace noise of scale 2 the sign is -1 with probability exp(-1 / 2) / 2.
    const signs = langevinStep(place, place.x, tf.ones([1, size]), 1, { sampler: 'laplace', noise: 2 });
    const negative = (await signs.data()).filter((value) => value < 0).length / size;
    expect(Math.abs(negative - Math.exp(-0.5) / 2)).toBeLessThan(5 * Math.sqrt(0.21 / size));
  });
});

describe('as an attack', () => {
  it.each(['gaussian', 'laplace'] as const)('%s without noise is PGD, bit for bit', async (sampler) => {
    const options = { start: 'zero', steps: 7, stepSize: 0.05 } as const;
    const how = { loss: crossEntropyLoss };
    const attack = langevin({ sampler, noise: 0, ...options });
    const own = await attack.maximize(smoothNet(weights), images(), labels(), threat, how);
    const wanted = await pgd(options).maximize(smoothNet(weights), images(), labels(), threat, how);
    expect([...(await own.data())]).toEqual([...(await wanted.data())]);
  });

  it('ascends log(1 - p) where p rounds to 1', async () => {
    const model = linearClassifier({
      weights: [
        [0, 60],
        [0, -60],
      ],
      bias: [100, 0],
      bounds: [-1, 1],
    });
    // p_0 is 1 - 4e-44: the gradient of log(1 - p) in its usual form is 0 / 0.
    const x = tf.zeros([1, 2]);
    const adv = await langevin({ steps: 4, noise: 0, start: 'zero', stepSize: 0.1 }).maximize(
      model,
      x,
      tf.tensor1d([0], 'int32'),
      { norm: 'linf', epsilon: 0.9 },
    );
    expect((await adv.data())[0]).toBeCloseTo(0.4, 6);
    expect((await adv.data())[1]).toBeCloseTo(-0.4, 6);
  });

  it('gives each example its own gradient: Laplace noise does not grow with the batch', async () => {
    const attack = langevin({ sampler: 'laplace', noise: 0.05, steps: 5 });
    const all = await attack.maximize(smoothNet(weights), images(), labels(), threat);
    const one = await attack.maximize(
      smoothNet(weights),
      tf.slice(images(), [2, 0, 0, 0], [1, 6, 6, 2]),
      tf.slice(labels(), [2], [1]),
      threat,
      { ids: Int32Array.of(2) },
    );
    expect([...(await one.data())]).toEqual([...(await tf.slice(all, [2, 0, 0, 0], [1, 6, 6, 2]).data())]);
  });

  it('has log(1 - p) as its loss unless told otherwise', () => {
    expect(langevin().definition.loss).toBe(logOneMinusLoss);
  });
});
