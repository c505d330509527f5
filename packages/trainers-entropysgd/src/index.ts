import { definePlugin } from '@advrob/core';
import { entropySgd } from './entropy-sgd.js';
import { recalibrated } from './recalibrated.js';

export { entropySgd, recalibrated };

export default definePlugin({
  name: '@advrob/trainers-entropysgd',
  contract: 1,
  optimizers: { 'entropy-sgd': entropySgd },
  averagers: { recalibrated },
});
