import logits from '@advrob/analysis-logits';
import smoothness from '@advrob/analysis-smoothness';
import subspace from '@advrob/analysis-subspace';
import attacks from '@advrob/attacks';
import { definePlugin, type Plugin } from '@advrob/core';
import datasets from '@advrob/datasets';
import models from '@advrob/models';
import dualLangevin from '@advrob/trainers-dual-langevin';
import entropySgd from '@advrob/trainers-entropysgd';
import randomized from '@advrob/trainers-randomized';
import training from '@advrob/training';
import { kdAtByName } from './kd-at.js';

const own = definePlugin({ name: '@advrob/cli', contract: 1, objectives: { 'kd-at': kdAtByName } });

/** The plugins that come with the command. Others are named in a config or by `--plugin`. */
export const builtIn: readonly Plugin[] = [
  own,
  attacks,
  datasets,
  models,
  training,
  entropySgd,
  randomized,
  dualLangevin,
  logits,
  smoothness,
  subspace,
];
