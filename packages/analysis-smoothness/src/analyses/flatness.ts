import { defineAnalysis } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { flatness as randomFlatness } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import type { Row, Table } from '@advrob/core/figure';
import { awpFlatness } from '../probes/flatness.js';
import { topEigenvalue } from '../probes/top-eigenvalue.js';
import { attacked, probeExamples } from '../probes/examples.js';
import { checkProbed } from '../probes/weight-vector.js';
import { attackOption, attackOr } from './adversary-option.js';

const options = z.strictObject({
  attack: attackOption,
  clean: z.boolean().default(false).describe('whether the clean loss is measured in place of the adversarial'),
  length: z.number().positive().default(0.3).describe('of the random directions, relative to each filter'),
  directions: z.int().min(1).default(5),
  gammas: z.array(z.number().positive()).default([0.005, 0.01]).describe('of the AWP direction'),
  examples: z.int().min(1).default(256),
  batchSize: z.int().min(1).default(128),
  seed: z.int().min(0).default(0).describe('of directions and attack'),
});

/**
 * Flatness of the loss in the weights with frozen adversarial examples: F2, the mean increase along
 * filter-normalised random directions (beside it that of the 0/1 error and the increase over the
 * loss, because label smoothing alone lowers F2), F3, the increase along the direction of
 * adversarial weight perturbation, and F4, the top eigenvalue of the Hessian. F1 is the analysis
 * `loss-surface`.
 *
 * Options: `length` 0.3, `directions` 5, `gammas` [0.005, 0.01], `clean` false, `attack` (bim),
 * `examples` 256, `batchSize` 128, `seed` 0.
 *
 * @throws AdvrobError `ADVROB_ANALYSIS` for a model without weights, `ADVROB_DATASET` for data
 *   that do not fit.
 */
export const flatness = defineAnalysis({
  name: 'flatness',
  summary: 'Increase of the loss along random and adversarial directions in the weights, and the top eigenvalue.',
  paper:
    'Wu, Xia, Wang 2020, Adversarial Weight Perturbation Helps Robust Generalization, https://arxiv.org/abs/2004.05884',
  roles: ['model'],
  options,
  check(subject, { clean }) {
    checkProbed("analysis 'flatness'", subject, !clean);
  },
  async analyze({ models: { model }, data, threat, memo }, given) {
    const { length, directions, gammas, seed, batchSize } = given;
    const examples = await probeExamples("analysis 'flatness'", model, data, { count: given.examples, batchSize });
    const adversary = given.clean ? undefined : { attack: attackOr(given.attack), threat, seed };
    const inputs = await attacked(model, examples, adversary);
    try {
      const random = await memo('random', async () => {
        const { attack, threat: ball } = adversary ?? {};
        const how = { length, directions, seed, batchSize, ...(attack && ball && { attack, threat: ball }) };
        const found = await randomFlatness(model, data.take(given.examples), how);
        return { ...found, perDirection: [...found.perDirection] };
      });
      const awp = await memo('awp', () => awpFlatness(model, examples, inputs, gammas));
      const eigenvalue = await memo('eigenvalue', () =>
        topEigenvalue(model, examples, inputs, { random: createRandom({ seed }) }).then((found) => ({ ...found })),
      );
      const rows: Row[] = [
        { measure: 'loss', value: random.loss },
        { measure: 'F2, increase of the loss', value: random.lossIncrease },
        { measure: 'F2 over the loss', value: random.relativeIncrease },
        { measure: 'F2 of the 0/1 error', value: random.errorIncrease },
        { measure: 'mean confidence', value: random.confidence },
        ...awp.map(({ gamma, increase }) => ({ measure: `F3, gamma ${gamma}`, value: increase })),
        { measure: 'F4, top eigenvalue', value: eigenvalue.value },
      ];
      const table: Table = {
        id: 'flatness',
        title: `Flatness of the ${given.clean ? 'clean' : 'adversarial'} loss in the weights`,
        columns: { measure: 'Measure', value: 'Value' },
        rows,
      };
      const findings = [
        `Random directions of relative length ${length} raise the loss of ${random.loss.toPrecision(3)} by ${random.lossIncrease.toPrecision(3)} (F2); the top eigenvalue of its Hessian is ${eigenvalue.value.toPrecision(3)} (F4).`,
      ];
      return { random, awp, eigenvalue, findings, tables: [table] };
    } finally {
      tf.dispose(inputs);
      examples.dispose();
    }
  },
});
