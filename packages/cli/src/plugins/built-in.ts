import logits from '@advrob/analysis-logits';
import smoothness from '@advrob/analysis-smoothness';
import subspace from '@advrob/analysis-subspace';
import attacks from '@advrob/attacks';
import certification from '@advrob/certification';
import { defineObjective, definePlugin, type Classifier, type Plugin } from '@advrob/core';
import datasets from '@advrob/datasets';
import models from '@advrob/models';
import dualLangevin from '@advrob/trainers-dual-langevin';
import entropySgd from '@advrob/trainers-entropysgd';
import randomized from '@advrob/trainers-randomized';
import training, { kdAt } from '@advrob/training';
import * as z from 'zod';

const teacher = (description: string): z.ZodType<Classifier, Classifier> =>
  z
    .any()
    .refine((value) => typeof (value as Partial<Classifier> | null)?.logits === 'function', 'expected a model')
    .meta({ advrob: 'model', description });
const weight = z.number().min(0);

/**
 * Adversarial training with two teachers under a name: `kdAt` of `@advrob/training` takes models,
 * which only a command can find by theirs.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 */
const kdAtByName = defineObjective({
  name: 'kd-at',
  summary: 'Adversarial training with two teachers, a standard and a robust one, against robust overfitting.',
  paper:
    'Chen et al. 2021, Robust Overfitting may be mitigated by properly learned smoothening, https://openreview.net/forum?id=qZzy5urZw9',
  options: z.strictObject({
    standard: teacher('teacher that was trained without adversarial examples'),
    robust: teacher('teacher that was trained with them'),
    ceWeight: weight.default(0.3).describe('weight of the label'),
    standardWeight: weight.default(0.1).describe('weight of the standard teacher'),
    robustWeight: weight.default(0.6).describe('weight of the robust teacher'),
    temperature: z.number().positive().default(2).describe('tau, by which the logits are divided'),
  }),
  create: kdAt,
});

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
  certification,
];
