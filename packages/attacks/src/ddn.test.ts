import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { isAsStrongWithTargets } from '../test/support/hundred-examples.js';
import { comeClose, expectSamePath, minimalNorms } from '../test/support/minimal-norms.js';
import { ddn } from './ddn.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(ddn, {
  rows: [{ attack: ddn({ steps: 40, initialRadius: 0.1 }), reach: 0.9, excess: 0.1 }],
  eot: (eot) => ddn({ steps: 4, eot }),
});

describe('PyTorch fixtures', () => {
  it.each(minimalNorms.ddn)('DDN from radius $radius', async (run) => {
    const attack = ddn({ steps: minimalNorms.steps, initialRadius: run.radius, radiusChange: run.gamma });
    await expectSamePath(attack, 'l2', run);
  });
});

comeClose([
  ['DDN 4', ddn({ steps: 100 }), 'l2', 3e-3],
  ['DDN, long 5', ddn({ steps: 300 }), 'l2', 1e-3],
]);

isAsStrongWithTargets(ddn({ steps: 20, initialRadius: 0.1 }), 'l2');
