import { AdvrobError, defineObjective, type Batch, type Objective } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { distillationLoss } from '../distillation/distillation-loss.js';

export const kdOptions = z.strictObject({
  temperature: z.number().positive().default(1).describe('tau, by which the logits of both are divided'),
  loss: z
    .enum(['kl', 'mse'])
    .default('kl')
    .describe('divergence of the outputs, or mean squared distance of the logits'),
});

type Teacher = { readonly teacher: Tensor };

/**
 * Distillation on clean examples (Hinton et al. 2015, https://arxiv.org/abs/1503.02531), without labels: `tau^2 * mean KL(softmax(z_T / tau) ||
 * softmax(z_S / tau))`, or `mean ||z_S - z_T||^2 / K`. The teacher's logits come with the data, so that they are computed once: see `teacherLogits`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range, `ADVROB_DATASET` when the data has no logits under `teacher`.
 * @example
 * ```ts
 * import { fit, kd, teacherLogits } from '@advrob/training';
 * const teacher = await teacherLogits(robustModel, data);
 * await fit({ model, data: data.withExtras({ teacher }), objective: kd(), epochs: 10 });
 * ```
 */
export const kd = defineObjective({
  name: 'kd',
  summary: "Distillation on clean examples: the student learns the teacher's outputs.",
  paper: 'Hinton et al. 2015, Distilling the Knowledge in a Neural Network, https://arxiv.org/abs/1503.02531',
  options: kdOptions,
  create: ({ temperature, loss }): Objective<{ readonly x: Tensor; readonly teacher: Tensor }, Teacher> => ({
    prepare: async ({ x, extras }) => ({ x, teacher: logitsIn(extras) }),
    loss({ x, teacher }, model, how) {
      const student = model.logits(x, how);
      const total =
        loss === 'kl' ? distillationLoss(teacher, student, temperature) : tf.mean(tf.square(tf.sub(student, teacher)));
      return { total };
    },
  }),
});

function logitsIn({ teacher }: Batch<Partial<Teacher>>['extras']): Tensor {
  if (teacher) return teacher;
  throw new AdvrobError(
    'ADVROB_DATASET',
    "objective 'kd' needs the teacher's logits with the data: pass data.withExtras({ teacher: await teacherLogits(teacher, data) })",
  );
}
