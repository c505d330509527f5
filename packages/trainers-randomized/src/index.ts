import { definePlugin } from '@advrob/core';
import { awpRatTrainer } from './awp-rat.js';
import { rat, ratTrainer } from './rat.js';
import { taylorExpansion } from './taylor-expansion.js';
import { weightNoise } from './weight-noise.js';

export { flatness, type Flatness, type FlatnessOptions } from '@advrob/training';
export { lastLayerSums } from './soft-targets.js';
export { softTargets } from './soft-targets.js';
export { awpRatTrainer, rat, ratTrainer, taylorExpansion, weightNoise };

export default definePlugin({
  name: '@advrob/trainers-randomized',
  contract: 1,
  objectives: { rat },
  transforms: { 'taylor-expansion': taylorExpansion, 'weight-noise': weightNoise },
  trainers: { rat: ratTrainer, 'awp-rat': awpRatTrainer },
});
