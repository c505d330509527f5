import { definePlugin } from '@advrob/core';
import { entropySgd, entropysgdTrainer } from './entropy-sgd.js';
import { recalibrated } from './recalibrated.js';

export { entropySgd, entropysgdTrainer, recalibrated };

export default definePlugin({
  name: '@advrob/trainers-entropysgd',
  contract: 1,
  optimizers: { 'entropy-sgd': entropySgd },
  averagers: { recalibrated },
  trainers: { entropysgd: entropysgdTrainer },
});
