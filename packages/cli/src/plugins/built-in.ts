import logits from '@advrob/analysis-logits';
import subspace from '@advrob/analysis-subspace';
import attacks from '@advrob/attacks';
import type { Plugin } from '@advrob/core';
import datasets from '@advrob/datasets';
import models from '@advrob/models';
import dualLangevin from '@advrob/trainers-dual-langevin';
import entropySgd from '@advrob/trainers-entropysgd';
import randomized from '@advrob/trainers-randomized';
import training from '@advrob/training';

/** The plugins that come with the command. Others are named in a config or by `--plugin`. */
export const builtIn: readonly Plugin[] = [
  attacks,
  datasets,
  models,
  training,
  entropySgd,
  randomized,
  dualLangevin,
  logits,
  subspace,
];
