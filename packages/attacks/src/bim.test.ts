import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { isAsStrongWithTargets } from '../test/support/hundred-examples.js';
import { reachDualNorm } from '../test/support/linear-gain.js';
import { expectSameSteps, momentumSteps } from '../test/support/momentum-steps.js';
import { smoothNet } from '../test/support/smooth-net.js';
import { bim } from './bim.js';
import { pgd } from './pgd.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(bim, {
  rows: [{ attack: bim(), reach: 0.85, excess: 0.001 }],
  eot: (eot) => bim({ steps: 4, eot }),
});

const { weights, steps, share, runs } = momentumSteps;

it.each(runs.filter(({ method }) => method === 'bim'))('PyTorch fixture: $method in $norm', (run) =>
  expectSameSteps(bim({ steps, share }), run),
);

reachDualNorm([['BIM', bim()]], { epsilons: [0.3], digits: 4 });

describe.each(['linf', 'l2', 'l1'] as const)('%s', (norm) => {
  it('BIM is PGD from the example', async () => {
    const labels = tf.tensor1d([0, 3, 1], 'int32');
    const images = tf.randomUniform([3, 6, 6, 2], 0, 1, 'float32', 7);
    const points = async (attack: ReturnType<typeof pgd>) =>
      Array.from(await (await attack.maximize(smoothNet(weights), images, labels, { norm, epsilon: 0.2 })).data());
    expect(await points(bim())).toEqual(await points(pgd({ steps: 10, start: 'zero' })));
  });
});

isAsStrongWithTargets(bim({ steps: 10 }), 'linf');
