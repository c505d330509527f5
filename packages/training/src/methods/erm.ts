import { defineObjective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as z from 'zod';

/**
 * Empirical risk minimisation, i.e. standard training: mean cross-entropy of the clean examples.
 *
 * @example
 * ```ts
 * import { erm } from '@advrob/training';
 * const objective = erm();
 * ```
 */
export const erm = defineObjective({
  name: 'erm',
  summary: 'Standard training: cross-entropy of the clean examples.',
  options: z.strictObject({}),
  create: () => ({
    prepare: async ({ x, y }) => ({ x, y }),
    loss: ({ x, y }, model, how) => ({ total: meanCrossEntropy(model.logits(x, how), y) }),
  }),
});
