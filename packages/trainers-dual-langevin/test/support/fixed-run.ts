import { sgd } from '@advrob/training';
import { tinyData } from '../../../training/test/support/tiny-data.js';

export const epsilon = 0.2;
/** Arguments of `fit` for two objectives that are compared. */
export const common = {
  data: tinyData(),
  threat: { norm: 'linf', epsilon },
  optimizer: sgd({ momentum: 0.9 }),
  learningRate: 0.2,
  batchSize: 8,
  epochs: 4,
  seed: 7,
} as const;
