import { defineAverager, type Averager, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { copyWeights, followWeights, mixWeights } from './shared.js';

export const emaOptions = z.strictObject({
  decay: z.number().min(0).lt(1).default(0.999).describe('share of the average that is kept in each step'),
});

/**
 * An exponential moving average of the weights: after the first step the weights themselves, then
 * `ema = decay * ema + (1 - decay) * w` after each, as `torch.optim.swa_utils.AveragedModel` with
 * such an `avg_fn`. The average is measured and kept as that of `swa`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { ema } from '@advrob/training';
 * const averager = ema({ decay: 0.995 });
 * ```
 */
export const ema = defineAverager({
  name: 'ema',
  summary: 'Exponential moving average of the weights, step by step.',
  paper:
    'Polyak, Juditsky 1992, Acceleration of Stochastic Approximation by Averaging, https://doi.org/10.1137/0330046',
  options: emaOptions,
  create:
    ({ decay }) =>
    (model: Classifier): Averager => {
      const weights = copyWeights(model);
      const state = { ...weights, steps: 0 } as Averager['state'] & { steps: number };
      return {
        weights,
        state,
        afterStep(trained) {
          if (state.steps === 0) followWeights(weights, trained);
          else mixWeights(weights, trained, decay);
          state.steps += 1;
        },
        dispose: () => tf.dispose(weights),
      };
    },
});
