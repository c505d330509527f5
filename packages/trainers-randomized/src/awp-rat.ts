import { pgd } from '@advrob/attacks';
import { defineTrainer } from '@advrob/core';
import { awp, sgd } from '@advrob/training';
import * as z from 'zod';
import { rat, ratFields, ratOptions, recipeFields } from './rat.js';

/**
 * AWP-TRADES + RAT of Jin et al. 2023 (https://arxiv.org/abs/2303.10653) as its official code runs
 * it on CIFAR-10: the recipe `rat` whose attack sees the weights without noise, and after 10 passes
 * adversarial weight perturbation with gamma 0.005 along the gradient of the TRADES loss
 * (`probeLoss: 'rat'` ascends the whole loss).
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { fit } from '@advrob/training';
 * import { awpRatTrainer } from '@advrob/trainers-randomized';
 * await fit({
 *   model, data, ...awpRatTrainer({ warmUp: 0 }), threat: { norm: 'linf', epsilon: 8 / 255 },
 *   epochs: 200,
 * });
 * ```
 */
export const awpRatTrainer = defineTrainer({
  name: 'awp-rat',
  summary: 'TRADES with adversarial weight perturbation and randomized adversarial training by Taylor expansion.',
  paper: 'Jin et al. 2023, Randomized Adversarial Training via Taylor Expansion, https://arxiv.org/abs/2303.10653',
  options: z.strictObject({
    ...ratFields,
    attackNoise: ratFields.attackNoise.unwrap().default(0),
    probeLoss: ratOptions.shape.probeLoss.unwrap().default('trades'),
    gamma: z.number().positive().default(0.005).describe('length of the perturbation relative to each layer'),
    warmUp: z.number().min(0).default(10).describe('passes over the data without perturbation'),
    ...recipeFields,
  }),
  create: ({ momentum, weightDecay, gamma, warmUp, attackSteps: steps, ...own }) => ({
    objective: rat(own),
    optimizer: sgd({ momentum, weightDecay }),
    learningRate: 0.1,
    schedule: { name: 'step', at: [0.5, 0.75], unit: 'run' },
    attack: pgd({ steps, start: 'tinygauss' }),
    transforms: [awp({ gamma, warmUp })],
  }),
});
