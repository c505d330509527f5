import {
  AdvrobError,
  defineObjective,
  giveWay,
  settle,
  stopIfAborted,
  type Batch,
  type Classifier,
  type Dataset,
  type Extras,
  type Objective,
} from '@advrob/core';
import { meanKlDivergence } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';

const kdOptions = z.strictObject({
  temperature: z.number().positive().default(1).describe('tau, by which the logits of both are divided'),
  loss: z
    .enum(['kl', 'mse'])
    .default('kl')
    .describe('divergence of the outputs, or mean squared distance of the logits'),
});

type Teacher = { readonly teacher: Tensor };

/**
 * Distillation on clean examples (Hinton et al. 2015, https://arxiv.org/abs/1503.02531), without
 * labels: `tau^2 * mean KL(softmax(z_T / tau) || softmax(z_S / tau))`, or
 * `mean ||z_S - z_T||^2 / K`. The teacher's logits come with the data, so that they are computed
 * once: see `teacherLogits`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range, `ADVROB_DATASET` when the data has
 *   no logits under `teacher`.
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

export interface TeacherLogitsOptions {
  /** Default 128. */
  readonly batchSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The logits of a teacher for every example [length, K] in data-set order, computed once in `eval`
 * mode, for `data.withExtras({ teacher })`. The tensor is the caller's and must outlive the
 * training. The logits belong to the clean examples: with augmentations the student would see other
 * inputs than the teacher did.
 *
 * @throws AdvrobError `ADVROB_ABORTED` on request.
 * @example
 * ```ts
 * import { fit, kd, teacherLogits } from '@advrob/training';
 * const teacher = await teacherLogits(robustModel, data);
 * await fit({
 *   model, data: data.withExtras({ teacher }), objective: kd({ temperature: 4 }), epochs: 10,
 * });
 * ```
 */
export async function teacherLogits<E extends Extras>(
  model: Classifier,
  data: Dataset<E>,
  { batchSize = 128, signal }: TeacherLogitsOptions = {},
): Promise<Tensor> {
  const parts: Tensor[] = [];
  try {
    for await (const { x, y, extras } of data.batches({ size: batchSize })) {
      try {
        stopIfAborted(signal);
        const logits = model.logits(x);
        parts.push(logits);
        await settle(logits);
      } finally {
        tf.dispose([x, y, extras]);
      }
      await giveWay();
    }
    const all = tf.concat(parts);
    await settle(all);
    return all;
  } finally {
    tf.dispose(parts);
  }
}

/**
 * `tau^2 * mean KL(softmax(teacher / tau) || softmax(student / tau))` of logits [n, K] (Hinton et
 * al. 2015, https://arxiv.org/abs/1503.02531, section 2.1), a scalar; the factor keeps the
 * gradient's size. The result is the caller's.
 */
export function distillationLoss(teacher: Tensor, student: Tensor, temperature: number): Tensor {
  return tf.tidy(() =>
    tf.mul(meanKlDivergence(tf.div(teacher, temperature), tf.div(student, temperature)), temperature ** 2),
  );
}
