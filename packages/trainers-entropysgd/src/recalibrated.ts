import { defineAverager } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';

/**
 * The weights of the last step as they are, in the place of an average: `fit` re-estimates the
 * statistics of batch norm, in training mode with dropout off, before it measures or leaves the
 * weights of an averager. EntropySGD needs that for models with batch norm, since its updates do
 * not stand where the running statistics were collected. A model without buffers is not measured
 * twice.
 *
 * @example
 * ```ts
 * import { entropySgd, recalibrated } from '@advrob/trainers-entropysgd';
 * const parts = { optimizer: entropySgd(), averager: recalibrated() };
 * ```
 */
export const recalibrated = defineAverager({
  name: 'recalibrated',
  summary: 'The weights of the last step, measured and kept with re-estimated batch-norm statistics.',
  options: z.strictObject({}),
  create: () => (model) => {
    const weights = Object.fromEntries(
      Object.entries(model.weights).map(([name, weight]) => [name, tf.variable(weight as Tensor, false)]),
    );
    return {
      weights,
      state: { ...weights },
      hasAverage: Object.keys(model.buffers ?? {}).length > 0,
      afterStep() {
        // Shares the data: the copies cost no memory until the next step.
        for (const [name, copy] of Object.entries(weights)) copy.assign(model.weights[name]! as Tensor);
      },
      dispose: () => tf.dispose(weights),
    };
  },
});
