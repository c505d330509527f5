import * as tf from '@tensorflow/tfjs-core';
import { testObjective } from '../../training/test/support/contracts.js';
import { inputs } from '../../training/test/support/torch.js';
import { dale, testDaleLoss } from '../test/support/dale.js';
import { cvarPd } from './cvar-pd.js';

testDaleLoss('cvar-pd', cvarPd, () => ({
  points: inputs(dale.values.points),
  y: tf.tensor1d(Array<number[]>(dale.samples).fill(dale.y).flat(), 'int32'),
  t: tf.zeros([dale.y.length]),
}));
testObjective(cvarPd, {
  options: { samples: 4 },
  variants: { 'cvar-pd by descent': { samples: 4, threshold: 'descent', steps: 2 } },
});
