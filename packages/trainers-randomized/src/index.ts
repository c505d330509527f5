import { definePlugin } from '@advrob/core';
import { rat } from './rat.js';
import { taylorExpansion } from './taylor-expansion.js';
import { awpRatTrainer } from './trainers/awp-rat.js';
import { ratTrainer } from './trainers/rat.js';
import { weightNoise } from './weight-noise.js';

export { flatness, type Flatness, type FlatnessOptions } from '@advrob/training';
export { lastLayerSums } from './last-layer-sums.js';
export { softTargets } from './soft-targets.js';
export { awpRatTrainer, rat, ratTrainer, taylorExpansion, weightNoise };

export default definePlugin({
  name: '@advrob/trainers-randomized',
  contract: 1,
  objectives: { rat },
  transforms: { 'taylor-expansion': taylorExpansion, 'weight-noise': weightNoise },
  trainers: { rat: ratTrainer, 'awp-rat': awpRatTrainer },
});
