import { defineTrainer, type Objective } from '@advrob/core';
import { kd, sgd, sgdShape } from '@advrob/training';
import * as z from 'zod';

/**
 * Distillation with SGD: the student learns the cached logits that come with the data as `teacher`,
 * on clean inputs and without labels.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range; in training `ADVROB_DATASET` when
 *   the data has no logits.
 * @example
 * ```ts
 * import { distillationTrainer } from '@advrob/analysis-logits';
 * const plan = distillationTrainer({ loss: 'mse' });
 * await fit({ model: student, data: data.withExtras({ teacher: logits }), ...plan, learningRate: 0.05, epochs: 12 });
 * ```
 */
export const distillationTrainer = defineTrainer({
  name: 'distillation',
  summary: 'Distillation on cached teacher logits: clean inputs, no labels, no perturbations.',
  paper: 'Hinton et al. 2015, Distilling the Knowledge in a Neural Network, https://arxiv.org/abs/1503.02531',
  options: z.strictObject({
    loss: z
      .enum(['kl', 'mse'])
      .default('kl')
      .describe('divergence of the outputs, or mean squared distance of the logits'),
    temperature: z.number().positive().default(1).describe('tau, by which the logits of both are divided; for kl'),
    ...sgdShape(0),
  }),
  create: ({ loss, temperature, momentum, weightDecay }) => ({
    objective: withoutTeacherType(kd({ loss, temperature })),
    optimizer: sgd({ momentum, weightDecay }),
  }),
});

/**
 * The type of a recipe cannot say that its data carries a teacher's logits; `kd` checks for them
 * when it draws a batch.
 */
function withoutTeacherType(objective: ReturnType<typeof kd>): Objective {
  return objective as unknown as Objective;
}
