import { pgd } from '@advrob/attacks';
import { AdvrobError, defineTrainer, type AveragerBinding } from '@advrob/core';
import { awp, pgdAt, swa } from '@advrob/training';
import * as z from 'zod';
import { entropySgd } from './entropy-sgd.js';
import { entropySgdFields } from './options.js';
import { recalibrated } from './recalibrated.js';

const options = z.strictObject({
  ...entropySgdFields,
  attackSteps: z.int().min(1).default(10).describe('steps of PGD, each of 2.5 epsilon / steps'),
  awpGamma: z
    .number()
    .min(0)
    .default(0)
    .describe('length of adversarial weight perturbation relative to each layer, e.g. 0.01; 0 is without'),
  awpWarmUp: z.number().min(0).default(0).describe('passes over the data without weight perturbation'),
  average: z
    .enum(['recalibrated', 'swa', 'none'])
    .default('recalibrated')
    .describe("what is measured and kept beside the weights: their batch norm re-estimated, SWA's average, nothing"),
  swaStart: z.int().min(0).optional().describe('passes before the first that SWA averages; needed with average: swa'),
});

/**
 * Adversarial training with EntropySGD, as Kanai et al. (https://arxiv.org/abs/2103.01400) smooth the adversarial loss: PGD-AT, each Langevin step with a fresh batch and a
 * fresh attack. Arms: `awpGamma` puts adversarial weight perturbation into every inner gradient, `average: 'swa'` averages the outer weights.
 *
 * The learning rate is the outer one: from 1 over 0.15 to 0.0225 in thirds of the run, as the three stages of the reference code. Equal `epochs` are equal
 * numbers of adversarial gradients as with any other trainer: the outer steps are `innerSteps` times fewer. The paper's settings for adversarial training were not found in
 * public; the defaults are those of the reference code of EntropySGD.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit } from '@advrob/training';
 * import { entropysgdTrainer } from '@advrob/trainers-entropysgd';
 * await fit({ model, data, ...entropysgdTrainer({ innerSteps: 10 }), threat: { norm: 'linf', epsilon: 0.3 }, epochs: 5 });
 * ```
 */
export const entropysgdTrainer = defineTrainer({
  name: 'entropysgd',
  summary: 'PGD-AT with EntropySGD, on its own or with adversarial weight perturbation and weight averaging.',
  paper:
    'Kanai et al. 2024, Relationship Between Nonsmoothness in Adversarial Training, Constraints of Attacks, and Flatness in the Input Space, https://arxiv.org/abs/2103.01400',
  options,
  create: ({ attackSteps, awpGamma, awpWarmUp, average, swaStart, ...own }) => {
    const averager = averagerOf(average, swaStart);
    return {
      objective: pgdAt(),
      optimizer: entropySgd(own),
      learningRate: 1,
      schedule: { name: 'step', at: [1 / 3, 2 / 3], factor: 0.15, unit: 'run' },
      attack: pgd({ steps: attackSteps }),
      ...(awpGamma > 0 && { transforms: [awp({ gamma: awpGamma, warmUp: awpWarmUp })] }),
      ...(averager && { averager }),
    };
  },
});

function averagerOf(average: z.output<typeof options>['average'], start?: number): AveragerBinding | undefined {
  if (average === 'none') return undefined;
  if (average === 'recalibrated') return recalibrated();
  if (start !== undefined) return swa({ start });
  throw new AdvrobError(
    'ADVROB_OPTION',
    "trainer 'entropysgd': average 'swa' needs swaStart: the passes before the first that is averaged, e.g. half of all",
  );
}
