import { testObjective } from '../../test/support/contracts.js';
import * as tf from '@tensorflow/tfjs-core';
import { inputs, losses, testLoss } from '../../test/support/torch.js';
import { cvar } from './cvar.js';

testLoss('cvar', cvar, () => ({
  points: inputs(losses.values.points),
  y: tf.tensor1d(Array<number[]>(losses.samples).fill(losses.y).flat(), 'int32'),
  t: tf.tensor1d(losses.values.threshold),
}));
testObjective(cvar, {
  options: { samples: 4 },
  variants: {
    'cvar by descent': { samples: 4, threshold: 'descent', steps: 3 },
    'cvar of a share that is not whole': { samples: 3, beta: 0.4 },
  },
  refuses: [{ beta: 0 }, { samples: 0 }],
});
