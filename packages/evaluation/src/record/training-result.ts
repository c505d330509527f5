import * as z from 'zod';

/** How a model came about. Seconds are not in here but under the record's `timing`. */
export const trainingResult = z.strictObject({
  /** Name of the trainer or objective, e.g. `pgd-at`. */
  method: z.string(),
  steps: z.int().min(0),
  seed: z.int().min(0),
  /** Gradients with respect to the input taken in search of adversarial examples, one per example and step; left out where there are none. */
  adversarialGradients: z.int().min(0).optional(),
  /** Hash of the training data and their selection. */
  dataHash: z.string().optional(),
  curves: z.array(
    z.strictObject({
      /** E.g. `total` or `robustAccuracy`. */
      name: z.string().min(1),
      /** `accuracy`: a share, 0 to 1. */
      kind: z.enum(['loss', 'accuracy', 'other']),
      /** Measured on training batches, or on validation data. */
      on: z.enum(['training', 'validation']),
      /** Step and value. */
      points: z.array(z.tuple([z.int().min(0), z.number()])),
    }),
  ),
});
export type TrainingResult = z.infer<typeof trainingResult>;
export type TrainingCurve = TrainingResult['curves'][number];
