import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { isAsStrongWithTargets } from '../test/support/hundred-examples.js';
import { reachDualNorm } from '../test/support/linear-gain.js';
import { expectSameSteps, momentumSteps } from '../test/support/momentum-steps.js';
import { largestDifference, smoothNet } from '../test/support/smooth-net.js';
import { bim } from './bim.js';
import { mim } from './mim.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(mim, {
  rows: [{ attack: mim(), reach: 0.85, excess: 0.001 }],
  eot: (eot) => mim({ steps: 4, eot }),
});

const { weights, steps, share, decay, runs } = momentumSteps;

it.each(runs.filter(({ method }) => method === 'mim'))('PyTorch fixture: $method in $norm', (run) =>
  expectSameSteps(mim({ steps, share, decay }), run),
);

reachDualNorm(
  [
    ['MIM', mim()],
    ['MIM with less memory', mim({ decay: 0.5, steps: 20 })],
  ],
  { epsilons: [0.3], digits: 4 },
);

describe.each(['linf', 'l2', 'l1'] as const)('%s', (norm) => {
  it('MIM without memory is BIM', async () => {
    const labels = tf.tensor1d([0, 3, 1], 'int32');
    const images = tf.randomUniform([3, 6, 6, 2], 0, 1, 'float32', 7);
    const points = async (attack: ReturnType<typeof mim>) =>
      Array.from(await (await attack.maximize(smoothNet(weights), images, labels, { norm, epsilon: 0.2 })).data());
    const withoutMemory = await points(mim({ decay: 0, stepSize: 0.05 }));
    expect(largestDifference(withoutMemory, await points(bim()))).toBeLessThan(1e-6);
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

isAsStrongWithTargets(mim({ steps: 10 }), 'linf');
